"""The routes: what each takes and answers, and which of them wait in the queue. Knows HTTP; the engine knows the rest.

What is answered where something went wrong is in `faults.py`.
"""

from collections.abc import Callable, Coroutine
from mimetypes import guess_type
from typing import Annotated, Any

from fastapi import Body, FastAPI, File, Form, Request, Response, UploadFile
from fastapi.middleware.cors import CORSMiddleware
from fastapi.responses import FileResponse
from fastapi.routing import APIRoute
from fastapi.staticfiles import StaticFiles
from pydantic import BaseModel, Field
from starlette.types import Receive, Scope, Send

from runtime import __version__
from runtime.engine import Engine
from runtime.images import LocalReader, UploadReader, shrink_image, upload_limits
from runtime.library.opened_file import OpenedFile
from runtime.search.query import PICTURE_WEIGHT
from runtime.settings import Settings
from runtime.web import metrics
from runtime.web.access.buckets import TokenBuckets, read_rate
from runtime.web.access.guard import AccessGuard, TokenGate
from runtime.web.access.hosts import AWS_HOSTS, AllowedHosts
from runtime.web.access.login import LoginPage
from runtime.web.access.origins import AllowedOrigins
from runtime.web.access.token import AccessToken
from runtime.web.admission import AdmissionQueue
from runtime.web.faults import ERROR_FORMS, answer_faults
from runtime.web.live import FixedEngine, LiveEngine
from runtime.web.middleware import AnswerHeaders, BodyLimit
from runtime.web.schemas import WEIGHT_BOUNDS, ErrorBody, ExplainBody, ExplainRequest, ReadyBody, SearchBody, SearchFields

# One run of the text tower takes 16 texts, and at most 16 searches wait for Groq, each in a thread of its own; a few more
# keep both busy. The pool has 40 threads: the rest are for health, metrics, page and pictures.
SEARCHES_AT_ONCE = 24
PICTURES_CACHE = "private, max-age=3600"  # a cache that others share must not keep somebody's pictures
Served = FixedEngine | LiveEngine  # each request reads `current` once


def create_app(
    engine: Engine | LiveEngine,
    settings: Settings,
    *,
    max_picture_bytes: int | None = None,
    uploads: UploadReader | None = None,
    on_lambda: bool = False,
) -> FastAPI:
    """Return the app over an opened engine, or over the one that is current: the API, the pictures, and the page.

    `max_picture_bytes` is what one answer has room for, where that is limited; larger pictures are served smaller.
    `uploads` reads the pictures that one searches with; without it, they are decoded in this process.

    Raises:
        SettingInvalid: there is an access token, but FRONTEND_DIR has no login page.
    """
    # /docs would load its page from another host; /openapi.json says the same.
    app = FastAPI(title="Lookwhy", version=__version__, docs_url=None, redoc_url=None, responses=ERROR_FORMS)
    live = engine if isinstance(engine, LiveEngine) else FixedEngine(engine)
    counted = metrics.Metrics(lambda: live.current.count)
    app.state.admission_queue = queue = AdmissionQueue(SEARCHES_AT_ONCE, settings.queue_max)
    counted.watch_queue(lambda: queue.waiting)
    uploads = uploads or LocalReader(upload_limits(settings.upload_max_pixels, settings.decode_memory_mb))
    _add_search(app, live, settings, uploads)
    _add_pictures(app, live, max_picture_bytes)
    _add_health(app, live, counted, settings)
    _add_page(app, settings)
    answer_faults(app, count_refusal=counted.count_refusal)
    app.add_middleware(BodyLimit, max_bytes=settings.body_max_bytes)
    origins = _listed(settings.cors_origins)
    _add_guard(app, settings, origins, on_lambda=on_lambda)
    if origins:
        exposed = ["retry-after", "server-timing"]
        app.add_middleware(
            CORSMiddleware, allow_origins=origins, allow_methods=["*"], allow_headers=["*"], expose_headers=exposed
        )
    app.add_middleware(AnswerHeaders, count=counted.count, image_base_url=settings.image_base_url)
    return app


def _add_guard(app: FastAPI, settings: Settings, origins: list[str], *, on_lambda: bool) -> None:
    """Have each request checked for who sent it.

    On Lambda, AWS's own names pass, and so does any page: the function is public, its page has an origin of its own, and AWS
    itself answers what CORS asks.
    """
    token = settings.access_token
    app.add_middleware(
        AccessGuard,
        hosts=AllowedHosts([*_listed(settings.allowed_hosts), *(AWS_HOSTS if on_lambda else ())]),
        origins=AllowedOrigins(["*"] if on_lambda else origins),
        searches=TokenBuckets(*read_rate(settings.rate_limit)) if settings.rate_limit else None,
        gate=TokenGate(AccessToken(token), LoginPage(settings.frontend_dir)) if token else None,
    )


def _listed(setting: str) -> list[str]:
    """Return the parts of a setting that commas separate."""
    return [part.strip() for part in setting.split(",") if part.strip()]


class QueuedRoute(APIRoute):
    """A route that waits for a slot of the app's admission queue, before its body is parsed and before it gets a thread."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return what answers a request. FastAPI calls it when the route is made; its own handler parses the body."""
        answer = super().get_route_handler()

        async def answer_in_turn(request: Request) -> Response:
            queue: AdmissionQueue = request.app.state.admission_queue
            async with queue.slot(request.receive) as receive:
                return await answer(Request(request.scope, receive))

        return answer_in_turn


def _post_queued(
    app: FastAPI, path: str, answers: type[BaseModel], *, takes: str
) -> Callable[[Callable[..., Response]], None]:
    """Declare a POST route that waits in the queue. `takes` describes its body; a malformed one is answered with it."""

    def add(endpoint: Callable[..., Response]) -> None:
        responses: dict[int | str, dict[str, Any]] = {422: {"model": ErrorBody, "description": takes}}
        app.router.add_api_route(
            path, endpoint, methods=["POST"], response_model=answers, responses=responses, route_class_override=QueuedRoute
        )

    return add


def _add_search(app: FastAPI, live: Served, settings: Settings, uploads: UploadReader) -> None:
    limits = live.current.limits
    top_k_bounds: dict[str, Any] = {"minimum": 1, "maximum": limits.top_k_max}

    class SearchRequest(SearchFields):
        """`POST /search`. With `explain`, each hit gets its word weights and a sentence."""

        top_k: int = Field(settings.top_k_default, description="How many pictures", json_schema_extra=top_k_bounds)

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
        return _rendered(SearchBody.model_validate(live.current.search(request)))

    @_post_queued(
        app,
        "/search/image",
        SearchBody,
        takes="The body must be a form (content-type: multipart/form-data) with the picture's file as `image`.",
    )
    def search_by_image(
        image: Annotated[UploadFile, File(description="The picture to search with")],
        query: Annotated[str, Form(description="Words to search with, too")] = "",
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
        engine = live.current
        pixels = uploads.read(image.file.read(), image.filename or "The picture", engine.preprocessing)
        return _rendered(SearchBody.model_validate(engine.search_by_image(request, pixels)))

    @_post_queued(
        app,
        "/explain",
        ExplainBody,
        takes='The body must be JSON (content-type: application/json) like {"query": "a red boat", "ids": [1, 2]}.',
    )
    def explain(body: Annotated[ExplainRequest, Body()]) -> Response:
        """Say of hits in depth why they match, or do not: sentence, words, and on demand where in the picture."""
        request = limits.check_explain(body.query, body.ids, heatmap=body.heatmap, explain=body.explain)
        return _rendered(ExplainBody.model_validate(live.current.explain(request)))


def _rendered(body: SearchBody | ExplainBody) -> Response:
    """Return the answer as JSON, its stages' times in `Server-Timing`.

    Rendered here, in the search's own thread: FastAPI would check the body once more in another one, and then render it on
    the event loop, where everybody waits for it.
    """
    stages = (f"{stage};dur={milliseconds}" for stage, milliseconds in body.timings_ms.items())
    headers = {"server-timing": ", ".join(stages)}
    return Response(body.model_dump_json(), media_type="application/json", headers=headers)


def _add_pictures(app: FastAPI, live: Served, max_bytes: int | None) -> None:
    @app.get("/images/{image_path:path}", response_class=FileResponse)
    def picture(image_path: str) -> Response:
        """Return one picture of the library, as it lies on the disk, or as a smaller JPEG where it is too large to send."""
        opened, headers = live.current.library.open_file(image_path), {"cache-control": PICTURES_CACHE}
        if max_bytes and opened.stat.st_size > max_bytes:
            with opened:
                small = shrink_image(opened.path, image_path, max_bytes)
            return Response(small, media_type="image/jpeg", headers=headers)
        return PictureResponse(opened, image_path, headers)


class PictureResponse(FileResponse):
    """Sends an opened file, and closes it."""

    def __init__(self, opened: OpenedFile, name: str, headers: dict[str, str]) -> None:
        media_type = guess_type(name)[0] or "application/octet-stream"
        super().__init__(opened.path, headers=headers, media_type=media_type, stat_result=opened.stat)
        self._opened = opened

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer as FileResponse does."""
        with self._opened:
            await super().__call__(scope, receive, send)


def _add_health(app: FastAPI, live: Served, counted: metrics.Metrics, settings: Settings) -> None:
    @app.get("/healthz")
    def healthz() -> dict[str, str]:
        """Say that the process lives."""
        return {"status": "ok"}

    @app.get("/readyz")
    def readyz() -> ReadyBody:
        """Say that searches are answered: over how many pictures, of which generation of the index, with which models."""
        ready = ReadyBody.model_validate(live.current)
        return ready.model_copy(update={"login": settings.access_token is not None})

    @app.get("/metrics", response_class=Response)
    def figures() -> Response:
        """Return the counters, for Prometheus."""
        return Response(counted.render(), media_type=metrics.CONTENT_TYPE)


def _add_page(app: FastAPI, settings: Settings) -> None:
    @app.get("/", response_class=FileResponse, include_in_schema=False)
    def page() -> FileResponse:
        return FileResponse(settings.frontend_dir / "index.html", headers={"cache-control": "no-cache"})

    app.mount("/static", StaticFiles(directory=settings.frontend_dir), name="static")
