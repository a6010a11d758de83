"""The app: its routes, those of health, metrics and OpenAPI made here, and what every request passes. Knows HTTP alone.

What is answered where something went wrong is in `faults.py`.
"""

from typing import TYPE_CHECKING, Any

from fastapi import FastAPI, Request, Response
from fastapi.middleware.cors import CORSMiddleware
from fastapi.middleware.gzip import GZipMiddleware

from runtime import __version__
from runtime.engine import Engine
from runtime.images import LocalReader, UploadReader, upload_limits
from runtime.settings import Settings
from runtime.web import metrics
from runtime.web.access.guard import AccessGuard, TokenGate
from runtime.web.access.hosts import AWS_HOSTS, AllowedHosts
from runtime.web.access.login import LoginPage
from runtime.web.access.origins import AllowedOrigins
from runtime.web.access.rate_limit import TokenBuckets, read_rate
from runtime.web.access.token import AccessToken
from runtime.web.admission import AdmissionQueue
from runtime.web.faults import UnexpectedFaults, answer_faults
from runtime.web.live_engine import FixedEngine, LiveEngine
from runtime.web.log.requests import RequestLog
from runtime.web.middleware import AnswerHeaders, BodyLimit
from runtime.web.path_prefix import PathPrefix
from runtime.web.request_body import RequestBodies
from runtime.web.routes import openapi
from runtime.web.routes.browsing import add_browsing
from runtime.web.routes.open_folder import add_open_folder, is_from_here
from runtime.web.routes.page import add_page
from runtime.web.routes.pictures import add_pictures
from runtime.web.routes.routing import get
from runtime.web.routes.searching import add_searches
from runtime.web.schemas import ReadyBody

if TYPE_CHECKING:
    from runtime.web.routes.file_manager import Desktop

# One run of the text tower takes 16 texts, and at most 16 searches wait for Groq, each in a thread of its own; a few more
# keep both busy. The pool has 40 threads: the rest are for health, metrics, page and pictures.
SEARCHES_AT_ONCE = 24
# Text from this size on is sent as gzip to who takes that; pictures are not. 24 results of 20.7 KB become 3.3 KB in .17 ms
# of one core; level 9 makes it 3.2 KB in .23 ms.
COMPRESSED_BYTES, COMPRESSION = 1024, 5
Served = FixedEngine | LiveEngine  # each request reads `current` once


def create_app(
    engine: Engine | LiveEngine,
    settings: Settings,
    *,
    max_picture_bytes: int | None = None,
    uploads: UploadReader | None = None,
    on_lambda: bool = False,
    desktop: "Desktop | None" = None,
) -> FastAPI:
    """Return the app over an opened engine, or over the one that is current: the API, the pictures, and the page.

    `max_picture_bytes` is what one answer has room for, where that is limited; larger pictures are served smaller.
    `uploads` reads the pictures that one searches with; without it, they are decoded in this process. `desktop` is that of
    the one who runs the server, where nobody but them can reach it.

    Raises:
        SettingInvalid: FRONTEND_DIR has no page, or, where there is an access token, no login page.
    """
    # /docs would load its page from another host; /openapi.json says the same, by a route of ours: FastAPI's has no HEAD.
    # A slash too many is 404: FastAPI would lead to an address without the path that a proxy shows this server below.
    app = openapi.DescribedApp(
        title="Lookwhy", version=__version__, openapi_url=None, redirect_slashes=False, responses=openapi.EVERY_ERROR
    )
    live = engine if isinstance(engine, LiveEngine) else FixedEngine(engine)
    figures = metrics.Metrics(lambda: live.current.count) if settings.metrics != "off" else None
    app.state.metrics = counted = figures or metrics.Uncounted()
    app.state.request_bodies = RequestBodies()
    app.state.admission_queue = queue = AdmissionQueue(SEARCHES_AT_ONCE, settings.queue_max)
    counted.watch_queue(lambda: queue.waiting)
    uploads = uploads or LocalReader(upload_limits(settings.upload_max_pixels, settings.decode_memory_mb))
    add_searches(app, live, settings, uploads)
    add_browsing(app, live)
    add_pictures(app, live, settings, max_picture_bytes)
    add_open_folder(app, live, desktop)
    _add_health(app, live, settings, has_desktop=desktop is not None)
    if figures:
        _add_metrics(app, figures)
    add_page(app, settings.frontend_dir)
    _add_description(app)
    answer_faults(app, count_refusal=counted.count_refusal)
    _add_middleware(app, settings, counted, on_lambda=on_lambda)
    return app


def _add_middleware(app: FastAPI, settings: Settings, counted: metrics.RequestCounts, *, on_lambda: bool) -> None:
    """Add what every request passes, the innermost first."""
    origins = [origin.rstrip("/") for origin in _listed(settings.cors_origins.lower())]
    app.add_middleware(BodyLimit, max_bytes=settings.body_max_bytes)
    if settings.metrics_address:
        app.add_middleware(metrics.MetricsPort, port=settings.metrics_address[1])
    _add_guard(app, settings, origins, on_lambda=on_lambda)
    app.add_middleware(UnexpectedFaults)
    if origins:
        exposed = ["retry-after", "server-timing"]
        app.add_middleware(
            CORSMiddleware, allow_origins=origins, allow_methods=["*"], allow_headers=["*"], expose_headers=exposed
        )
    if settings.root_path:
        app.add_middleware(PathPrefix, prefix=settings.root_path)
    app.add_middleware(GZipMiddleware, minimum_size=COMPRESSED_BYTES, compresslevel=COMPRESSION)
    app.add_middleware(AnswerHeaders, count=counted.count, picture_urls=(settings.image_base_url, settings.preview_base_url))
    if settings.log_format == "json":
        app.add_middleware(RequestLog, with_queries=settings.log_queries)


def _add_guard(app: FastAPI, settings: Settings, origins: list[str], *, on_lambda: bool) -> None:
    """Have each request checked for who sent it.

    On Lambda, AWS's own names pass. So does any page where the function's URL is open: AWS itself may answer what CORS asks,
    and the page may have an origin of its own.
    """
    token = settings.access_token
    is_open = on_lambda and not settings.behind_cloudfront
    login = LoginPage(settings.frontend_dir, hashes_forms=settings.behind_cloudfront) if token else None
    app.add_middleware(
        AccessGuard,
        hosts=AllowedHosts([*_listed(settings.allowed_hosts), *(AWS_HOSTS if on_lambda else ())]),
        origins=AllowedOrigins(["*"] if is_open else origins),
        searches=TokenBuckets(*read_rate(settings.rate_limit)) if settings.rate_limit else None,
        gate=TokenGate(AccessToken(token), login) if token and login else None,
    )


def _listed(setting: str) -> list[str]:
    """Return the parts of a setting that commas separate."""
    return [part.strip() for part in setting.split(",") if part.strip()]


def _add_health(app: FastAPI, live: Served, settings: Settings, *, has_desktop: bool) -> None:
    @get(app, "/healthz")
    def healthz() -> dict[str, str]:
        """Say that the process lives."""
        return {"status": "ok"}

    @get(app, "/readyz", responses=openapi.errors(503))
    def readyz(request: Request) -> ReadyBody:
        """Say that searches are answered: over how many pictures, of which generation of the index, with which models."""
        live.current.library.check()  # an engine that holds the library may be away
        ready = ReadyBody.model_validate(live.current)
        local = has_desktop and is_from_here(request.scope)
        return ready.model_copy(update={"login": settings.access_token is not None, "local": local})


def _add_metrics(app: FastAPI, counted: metrics.Metrics) -> None:
    @get(app, metrics.PATH, response_class=Response, responses=openapi.FIGURES)
    def figures() -> Response:
        """Return the counters, for Prometheus."""
        return Response(counted.render(), media_type=metrics.CONTENT_TYPE)


def _add_description(app: FastAPI) -> None:
    @get(app, "/openapi.json", include_in_schema=False)
    def description() -> dict[str, Any]:
        return app.openapi()
