"""The routes: what each takes and answers, and which of them wait in the queue. Knows HTTP; the engine knows the rest.

What is answered where something went wrong is in `faults.py`.
"""

import logging
from collections.abc import Callable, Coroutine
from typing import Annotated, Any

from fastapi import Body, FastAPI, File, Form, Request, Response, UploadFile
from fastapi.middleware.cors import CORSMiddleware
from fastapi.routing import APIRoute
from fastapi.staticfiles import StaticFiles
from pydantic import BaseModel, Field
from starlette.convertors import PathConvertor, register_url_convertor

from runtime import __version__
from runtime.engine import Engine
from runtime.errors import ImageNotFound
from runtime.images import decode_image, shrink_image
from runtime.search.query import PICTURE_WEIGHT
from runtime.settings import Settings
from runtime.web import metrics, openapi
from runtime.web.admission import AdmissionQueue
from runtime.web.faults import UnexpectedFaults, answer_faults
from runtime.web.files import FileAnswer
from runtime.web.middleware import AnswerHeaders, BodyLimit
from runtime.web.request_body import RequestBodies
from runtime.web.schemas import (
    QUERY_EXPLAINED,
    QUERY_SAID,
    WEIGHT_BOUNDS,
    ExplainBody,
    ExplainFields,
    ReadyBody,
    SearchBody,
    SearchFields,
)

log = logging.getLogger(__name__)

# One run of the text tower takes 16 texts, and at most 16 searches wait for Groq, each in a thread of its own; a few more
# keep both busy. The pool has 40 threads: the rest are for health, metrics, page and pictures.
SEARCHES_AT_ONCE = 24
PICTURES_CACHE = "public, max-age=3600"


def create_app(engine: Engine, settings: Settings, *, max_picture_bytes: int | None = None) -> FastAPI:
    """Return the app over an opened engine: the API, the pictures, and the page.

    `max_picture_bytes` is what one answer has room for, where that is limited; larger pictures are served smaller.
    """
    # /docs would load its page from another host; /openapi.json says the same, by a route of ours: FastAPI's has no HEAD.
    app = FastAPI(title="Lookwhy", version=__version__, openapi_url=None, responses=openapi.EVERY_ERROR)
    app.state.metrics = counted = metrics.Metrics(engine.count)
    app.state.request_bodies = RequestBodies()
    app.state.admission_queue = queue = AdmissionQueue(SEARCHES_AT_ONCE, settings.queue_max)
    counted.watch_queue(lambda: queue.waiting)
    _add_search(app, engine, settings)
    _add_pictures(app, engine, max_picture_bytes)
    _add_health(app, engine)
    if settings.metrics != "off":
        _add_metrics(app, counted)
    _add_page(app, settings)
    answer_faults(app, count_refusal=counted.count_refusal)
    app.add_middleware(BodyLimit, max_bytes=settings.body_max_bytes)
    if settings.metrics_address:
        app.add_middleware(metrics.MetricsPort, port=settings.metrics_address[1])
    app.add_middleware(UnexpectedFaults)
    origins = [origin.strip() for origin in settings.cors_origins.split(",") if origin.strip()]
    if origins:
        app.add_middleware(CORSMiddleware, allow_origins=origins, allow_methods=["*"], allow_headers=["*"])
    app.add_middleware(AnswerHeaders, count=counted.count)
    return app


class WholePathConvertor(PathConvertor):
    """starlette's own `path` ends at a line break, which a file's name may have."""

    regex = r"[\s\S]*"


register_url_convertor("whole_path", WholePathConvertor())


class QueuedRoute(APIRoute):
    """A route whose body is read, and which then waits for a slot of the app's admission queue.

    Only with a slot is its body parsed, and only then does it get a thread: a client that sends slowly holds neither.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return what answers a request. FastAPI calls it when the route is made; its own handler parses the body."""
        answer = super().get_route_handler()

        async def answer_in_turn(request: Request) -> Response:
            bodies: RequestBodies = request.app.state.request_bodies
            queue: AdmissionQueue = request.app.state.admission_queue
            async with bodies.whole(request.receive) as body, queue.slot(body) as receive:
                return await answer(Request(request.scope, receive))

        return answer_in_turn


def _post_queued(
    app: FastAPI, path: str, answers: type[BaseModel], *, takes: str, more_errors: tuple[int, ...] = (404,)
) -> Callable[[Callable[..., Response]], None]:
    """Declare a POST route that waits in the queue. `takes` describes its body; a malformed one is answered with it."""

    def add(endpoint: Callable[..., Response]) -> None:
        responses = openapi.errors(*openapi.QUEUED_ERRORS, *more_errors, descriptions={422: takes})
        app.router.add_api_route(
            path, endpoint, methods=["POST"], response_model=answers, responses=responses, route_class_override=QueuedRoute
        )

    return add


def _get(app: FastAPI, path: str, **said: Any) -> Callable[[Callable[..., Any]], None]:  # noqa: ANN401 (FastAPI's own)
    """Declare a GET route, and the HEAD that goes with it; `said` is what the OpenAPI document says of it."""

    def add(endpoint: Callable[..., Any]) -> None:
        app.add_api_route(path, endpoint, methods=["GET"], **said)
        app.add_api_route(path, endpoint, methods=["HEAD"], **(said | {"include_in_schema": False}))

    return add


def _add_search(app: FastAPI, engine: Engine, settings: Settings) -> None:
    limits = engine.limits
    top_k_bounds: dict[str, Any] = {"minimum": 1, "maximum": limits.top_k_max}
    query_bounds: dict[str, Any] = {"maxLength": settings.query_max_chars}
    ids_bounds: dict[str, Any] = {"minItems": 1, "maxItems": limits.top_k_max}

    class SearchRequest(SearchFields):
        """`POST /search`. With `explain`, each hit gets its word weights and a sentence."""

        query: str = Field(description=QUERY_SAID, examples=["a red boat -sunset"], json_schema_extra=query_bounds)
        top_k: int = Field(settings.top_k_default, description="How many pictures", json_schema_extra=top_k_bounds)

    class ExplainRequest(ExplainFields):
        """`POST /explain`. Each id counts once; with `heatmap`, fewer may be asked for."""

        query: str = Field(description=QUERY_EXPLAINED, examples=["a red boat"], json_schema_extra=query_bounds)
        ids: list[int] = Field(description="The pictures", examples=[[17, 4]], json_schema_extra=ids_bounds)

    @_post_queued(
        app,
        "/search",
        SearchBody,
        takes='The body must be JSON (content-type: application/json) like {"query": "a red boat", "top_k": 5}.',
    )
    def search(body: Annotated[SearchRequest, Body()]) -> Response:
        """Find the pictures nearest to a query, or most like a picture of the library, and say why each is among them."""
        request = limits.check_search(
            body.query, body.top_k, explain=body.explain, like=body.like, picture_weight=body.picture_weight
        )
        return _rendered(SearchBody.model_validate(engine.search(request)))

    @_post_queued(
        app,
        "/search/image",
        SearchBody,
        takes="The body must be a form (content-type: multipart/form-data) with the picture's file as `image`.",
        more_errors=(501,),
    )
    def search_by_image(
        image: Annotated[UploadFile, File(description="The picture to search with")],
        query: Annotated[str, Form(description="Words to search with, too", json_schema_extra=query_bounds)] = "",
        top_k: Annotated[
            int, Form(description="How many pictures", json_schema_extra=top_k_bounds)
        ] = settings.top_k_default,
        picture_weight: Annotated[
            float, Form(description="0: the words alone count; 1: the picture alone", json_schema_extra=WEIGHT_BOUNDS)
        ] = PICTURE_WEIGHT,
        explain: Annotated[bool, Form(description="Whether each hit gets its sentence")] = True,
    ) -> Response:
        """Find the pictures most like one that is sent along, perhaps with words."""
        request = limits.check_image_search(query, top_k, explain=explain, picture_weight=picture_weight)
        picture = decode_image(image.file.read(), image.filename or "The picture")
        return _rendered(SearchBody.model_validate(engine.search_by_image(request, picture)))

    @_post_queued(
        app,
        "/explain",
        ExplainBody,
        takes='The body must be JSON (content-type: application/json) like {"query": "a red boat", "ids": [1, 2]}.',
    )
    def explain(body: Annotated[ExplainRequest, Body()]) -> Response:
        """Say of hits in depth why they match, or do not: sentence, words, and on demand where in the picture."""
        request = limits.check_explain(body.query, body.ids, heatmap=body.heatmap, explain=body.explain)
        return _rendered(ExplainBody.model_validate(engine.explain(request)))


def _rendered(body: SearchBody | ExplainBody) -> Response:
    """Return the answer as JSON, its stages' times in `Server-Timing`.

    Rendered here, in the search's own thread: FastAPI would check the body once more in another one, and then render it on
    the event loop, where everybody waits for it.
    """
    stages = (f"{stage};dur={milliseconds}" for stage, milliseconds in body.timings_ms.items())
    headers = {"server-timing": ", ".join(stages)}
    return Response(body.model_dump_json(), media_type="application/json", headers=headers)


def _add_pictures(app: FastAPI, engine: Engine, max_bytes: int | None) -> None:
    said = openapi.PICTURE | openapi.errors(400, 404, 416, 429, 503)

    @_get(app, "/images/{image_path:whole_path}", response_class=Response, responses=said)
    def picture(image_path: str) -> Response:
        """Return one picture of the library, as it lies on the disk, or as a smaller JPEG where it is too large to send."""
        file, headers = engine.library.image_file(image_path), {"cache-control": PICTURES_CACHE}
        if max_bytes and file.stat().st_size > max_bytes:
            return Response(shrink_image(file, image_path, max_bytes), media_type="image/jpeg", headers=headers)
        try:
            return FileAnswer(file, headers)
        except OSError as cause:
            log.warning("no picture: %s cannot be read (%s)", file, cause.strerror)
            raise ImageNotFound(image_path) from cause


def _add_health(app: FastAPI, engine: Engine) -> None:
    @_get(app, "/healthz")
    def healthz() -> dict[str, str]:
        """Say that the process lives."""
        return {"status": "ok"}

    @_get(app, "/readyz")
    def readyz() -> ReadyBody:
        """Say that searches are answered, and over how many pictures."""
        return ReadyBody(pictures=engine.count, sample_models=engine.sample_models)


def _add_metrics(app: FastAPI, counted: metrics.Metrics) -> None:
    @_get(app, metrics.PATH, response_class=Response, responses=openapi.FIGURES)
    def figures() -> Response:
        """Return the counters, for Prometheus."""
        return Response(counted.render(), media_type=metrics.CONTENT_TYPE)


def _add_page(app: FastAPI, settings: Settings) -> None:
    @_get(app, "/", response_class=Response, include_in_schema=False)
    def page() -> FileAnswer:
        return FileAnswer(settings.frontend_dir / "index.html", {"cache-control": "no-cache"})

    @_get(app, "/openapi.json", include_in_schema=False)
    def description() -> dict[str, Any]:
        return app.openapi()

    app.mount("/static", StaticFiles(directory=settings.frontend_dir), name="static")
