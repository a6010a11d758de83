"""The only FastAPI file: routes, and which error is which status. Knows HTTP; the engine knows the rest."""

import logging
from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import Body, FastAPI, File, Form, Request, Response, UploadFile
from fastapi.exceptions import RequestValidationError
from fastapi.middleware.cors import CORSMiddleware
from fastapi.responses import FileResponse, JSONResponse
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException

from runtime import __version__
from runtime.engine import Engine
from runtime.errors import (
    ArtefactError,
    ImageNotFound,
    ImageTooLarge,
    ImageUnreadable,
    LookwhyError,
    Overloaded,
    PicturesUnsupported,
    RemoteRefused,
    RequestError,
    RequestTooLarge,
)
from runtime.images import decode_image, shrink_image
from runtime.search.query import PICTURE_WEIGHT
from runtime.settings import Settings
from runtime.web import metrics
from runtime.web.admission import Admission
from runtime.web.admission_queue import Turnstile
from runtime.web.middleware import Answered, BodyLimit
from runtime.web.schemas import (
    ErrorBody,
    ExplainBody,
    ExplainRequest,
    FaultBody,
    ReadyBody,
    SearchBody,
    SearchRequest,
    to_explain_body,
    to_search_body,
)

log = logging.getLogger(__name__)

# Looked up along an error's ancestry, so a branch of the tree can share one status; what is not listed is 500.
STATUSES: dict[type[LookwhyError], int] = {
    RequestError: 422,
    RequestTooLarge: 413,
    ImageNotFound: 404,
    ImageTooLarge: 413,
    ImageUnreadable: 422,
    ArtefactError: 503,  # of what is fetched from S3 when it is first needed
    RemoteRefused: 503,
    PicturesUnsupported: 501,
    Overloaded: 503,
}
# What starlette and FastAPI themselves answer, in our form.
PLAIN_FAULTS = {404: "not_found", 405: "method_not_allowed", 415: "content_type_unsupported", 400: "request_malformed"}
BODY_FORMS = {
    "/search": 'The body must be JSON (content-type: application/json) like {"query": "a red boat", "top_k": 5}.',
    "/search/image": "The body must be a form (content-type: multipart/form-data) with the picture's file as `image`.",
    "/explain": 'The body must be JSON (content-type: application/json) like {"query": "a red boat", "ids": [1, 2]}.',
}
# A run of the text tower takes 16 texts along, and as many searches may wait for Groq, each in a thread of its own; past 16,
# more at once gain nothing. The pool has 40 threads: the rest are for health, figures, page and pictures.
SEARCHES_AT_ONCE = 24
PICTURES_CACHE = "public, max-age=3600"
ERROR_FORMS: dict[int | str, dict[str, Any]] = {
    "4XX": {"model": ErrorBody, "description": "The request is at fault; the message says how to mend it"},
    "5XX": {"model": ErrorBody, "description": "The server is at fault"},
}


def create_app(engine: Engine, settings: Settings, *, max_picture_bytes: int | None = None) -> FastAPI:
    """Return the app over an opened engine: the API, the pictures, and the page.

    `max_picture_bytes` is what one answer has room for, where that is limited; larger pictures are served smaller.
    """
    # /docs would load its page from another host; /openapi.json says the same.
    app = FastAPI(title="Lookwhy", version=__version__, docs_url=None, redoc_url=None, responses=ERROR_FORMS)
    counted = metrics.Metrics(engine.count)
    turnstile = Turnstile(SEARCHES_AT_ONCE, settings.queue_max)
    counted.watch_queue(lambda: turnstile.waiting)

    def refuse(error: Overloaded) -> Response:
        counted.count_refusal()
        return _fault(STATUSES[Overloaded], error.code, str(error), {"retry-after": str(error.retry_s)})

    _add_search(app, engine, settings)
    _add_pictures(app, engine, max_picture_bytes)
    _add_health(app, engine, counted)
    _add_page(app, settings)
    _add_error_forms(app)
    app.add_middleware(BodyLimit, max_bytes=settings.body_max_bytes)
    app.add_middleware(Admission, turnstile=turnstile, paths=frozenset(BODY_FORMS), refuse=refuse)
    origins = [origin.strip() for origin in settings.cors_origins.split(",") if origin.strip()]
    if origins:
        app.add_middleware(CORSMiddleware, allow_origins=origins, allow_methods=["*"], allow_headers=["*"])
    app.add_middleware(Answered, count=counted.count)
    return app


def _add_search(app: FastAPI, engine: Engine, settings: Settings) -> None:
    @app.post("/search", response_model=SearchBody)
    def search(asked: Annotated[SearchRequest, Body()]) -> Response:
        """Find the pictures nearest to a query, or most like a picture of the library, and say why each is among them."""
        top_k = asked.top_k if "top_k" in asked.model_fields_set else settings.top_k_default
        if asked.like is None:
            answer = engine.search_by_text(asked.query, top_k, explain=asked.explain)
        else:
            answer = engine.search_like(
                asked.like, top_k, query=asked.query, picture_weight=asked.picture_weight, explain=asked.explain
            )
        return _rendered(to_search_body(answer, top_k))

    @app.post("/search/image", response_model=SearchBody)
    def search_by_image(
        image: Annotated[UploadFile, File(description="The picture to search with")],
        query: Annotated[str, Form(description="Words to search with, too")] = "",
        top_k: Annotated[int, Form(description="How many pictures")] = settings.top_k_default,
        picture_weight: Annotated[
            float, Form(description="0: the words alone count; 1: the picture alone")
        ] = PICTURE_WEIGHT,
        explain: Annotated[bool, Form(description="Whether each hit gets its sentence")] = True,
    ) -> Response:
        """Find the pictures most like one that is sent along, perhaps with words."""
        picture = decode_image(image.file.read(), image.filename or "The picture")
        answer = engine.search_by_image(picture, top_k, query=query, picture_weight=picture_weight, explain=explain)
        return _rendered(to_search_body(answer, top_k))

    @app.post("/explain", response_model=ExplainBody)
    def explain(asked: Annotated[ExplainRequest, Body()]) -> Response:
        """Say of hits in depth why they match, or do not: sentence, words, and on demand where in the picture."""
        answer = engine.explain(asked.query, asked.ids, heatmap=asked.heatmap, explain=asked.explain)
        return _rendered(to_explain_body(answer))


def _rendered(body: SearchBody | ExplainBody) -> Response:
    """Return the answer as JSON, its stages' times in `Server-Timing`.

    Rendered here, in the search's own thread: FastAPI would check the body once more in another one, and then render it on
    the event loop, where everybody waits for it.
    """
    stages = (f"{stage};dur={milliseconds}" for stage, milliseconds in body.timings_ms.items())
    headers = {"server-timing": ", ".join(stages)}
    return Response(body.model_dump_json(), media_type="application/json", headers=headers)


def _add_pictures(app: FastAPI, engine: Engine, max_bytes: int | None) -> None:
    @app.get("/images/{image_path:path}", response_class=FileResponse)
    def picture(image_path: str) -> Response:
        """Return one picture of the library, as it lies on the disk, or as a smaller JPEG where it is too large to send."""
        file, headers = engine.library.image_file(image_path), {"cache-control": PICTURES_CACHE}
        if max_bytes and file.stat().st_size > max_bytes:
            return Response(shrink_image(file, image_path, max_bytes), media_type="image/jpeg", headers=headers)
        return FileResponse(file, headers=headers)


def _add_health(app: FastAPI, engine: Engine, counted: metrics.Metrics) -> None:
    @app.get("/healthz")
    def healthz() -> dict[str, str]:
        """Say that the process lives."""
        return {"status": "ok"}

    @app.get("/readyz")
    def readyz() -> ReadyBody:
        """Say that searches are answered, and over how many pictures."""
        return ReadyBody(pictures=engine.count, sample_models=engine.sample_models)

    @app.get("/metrics", response_class=Response)
    def figures() -> Response:
        """Return the counters, for Prometheus."""
        return Response(counted.render(), media_type=metrics.CONTENT_TYPE)


def _add_page(app: FastAPI, settings: Settings) -> None:
    @app.get("/", response_class=FileResponse, include_in_schema=False)
    def page() -> FileResponse:
        return FileResponse(settings.frontend_dir / "index.html", headers={"cache-control": "no-cache"})

    app.mount("/static", StaticFiles(directory=settings.frontend_dir), name="static")


def _add_error_forms(app: FastAPI) -> None:
    @app.exception_handler(LookwhyError)
    async def known(_request: Request, error: LookwhyError) -> JSONResponse:
        return _known_fault(error)

    @app.exception_handler(RequestValidationError)
    async def malformed(request: Request, error: RequestValidationError) -> JSONResponse:
        return _fault(422, "request_malformed", f"{_first_fault(error)}. {BODY_FORMS.get(request.url.path, '')}".strip())

    @app.exception_handler(HTTPException)
    async def plain(_request: Request, error: HTTPException) -> JSONResponse:
        if isinstance(error.__cause__, LookwhyError):  # raised while FastAPI read the body, and covered by its own
            return _known_fault(error.__cause__)
        code = PLAIN_FAULTS.get(error.status_code, "request_refused")
        return _fault(error.status_code, code, str(error.detail), error.headers)

    @app.exception_handler(Exception)
    async def unknown(_request: Request, _error: Exception) -> JSONResponse:
        return _fault(500, "internal", "Something went wrong here; the server's log has the cause.")


def _known_fault(error: LookwhyError) -> JSONResponse:
    status = next((STATUSES[kind] for kind in type(error).__mro__ if kind in STATUSES), 500)
    if status >= 500:
        log.error("%s", error, exc_info=error.__cause__)
    return _fault(status, error.code, str(error))


def _fault(status: int, code: str, message: str, headers: Mapping[str, str] | None = None) -> JSONResponse:
    body = ErrorBody(error=FaultBody(code=code, message=message))
    return JSONResponse(body.model_dump(), status_code=status, headers=headers)


def _first_fault(error: RequestValidationError) -> str:
    first = error.errors()[0]
    field = ".".join(str(part) for part in first["loc"][1:] if first["type"] != "json_invalid")
    reason = f"the body is not JSON ({first['ctx']['error']})" if first["type"] == "json_invalid" else first["msg"]
    return f"{field + ': ' if field else ''}{reason}"
