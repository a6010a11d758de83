"""AWS Lambda's entry: settings -> engine -> app -> Mangum -> events; nothing else. The one file that does work at import."""

import logging
import os
import warnings
from typing import TYPE_CHECKING, cast

from runtime.web.server.heap import collect_garbage_later

with collect_garbage_later():
    from pydantic import BaseModel
    from pydantic.warnings import UnsupportedFieldAttributeWarning

    # A model's validator is built when it is first needed, not when its class is made: 50 ms less of each cold start, most
    # of it of FastAPI's models of an OpenAPI document. Every model inherits this, so it stands before the first of them.
    BaseModel.model_config["defer_build"] = True
    # FastAPI keeps this to itself where it makes a form of a body; built later, by the first search, it would be logged.
    warnings.simplefilter("ignore", UnsupportedFieldAttributeWarning)

    from mangum import Mangum
    from starlette.types import ASGIApp

    from runtime.artefacts.snapstart import begins_from_snapshot, prepare_snapshot
    from runtime.bootstrap import EngineSource
    from runtime.errors import RemoteRefused
    from runtime.settings import Settings
    from runtime.web.access.cloudfront import CloudFrontRequests
    from runtime.web.api import create_app
    from runtime.web.lambda_events import LambdaEvents
    from runtime.web.live_engine import LiveEngine, LookBetweenRequests
    from runtime.web.log.json_lines import log_in_json
    from runtime.web.log.privacy import keep_log_private
    from runtime.web.startup_fallback import StartupFallback

if TYPE_CHECKING:
    from mangum.types import ASGI

# Lambda's answers have at most 6 MB, in which a picture travels as base64: a third longer.
MAX_PICTURE_BYTES = 4_500_000


def open_app() -> ASGIApp:
    """Return the app that the environment describes; raises as `Settings.read` and `EngineSource` do."""
    settings = Settings.read()
    logging.getLogger("runtime").setLevel(settings.log_level.upper())  # the runtime interface client says where to and how
    if settings.log_format == "json":
        log_in_json()
    keep_log_private()
    live = LiveEngine(EngineSource(settings), check_s=settings.reload_check_s)
    app = create_app(live, settings, max_picture_bytes=MAX_PICTURE_BYTES, on_lambda=True)
    looking = LookBetweenRequests(app, live)
    if begins_from_snapshot(os.environ):
        prepare_snapshot(live.current.warm, looking.look_next)
    return CloudFrontRequests(looking) if settings.behind_cloudfront else looking


def open_before_snapshot() -> ASGIApp:
    """Return the app, or what opens it later where S3 has nothing yet, as when a stack is new.

    Any other fault is raised as `open_app` does: then no version is made, and the one before serves on.
    """
    try:
        return open_app()
    except RemoteRefused:
        return StartupFallback(open_app)


# Opened here, in Lambda's init. The lifespan is off: Mangum would run it on every invocation.
with collect_garbage_later():
    app = open_before_snapshot() if begins_from_snapshot(os.environ) else StartupFallback(open_app)
handler = LambdaEvents(Mangum(cast("ASGI", app), lifespan="off"))
