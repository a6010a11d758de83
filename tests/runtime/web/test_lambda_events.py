"""Events of the function: requests go on, any other is answered, and none raises."""

from collections import Counter
from collections.abc import Iterator
from typing import Any, cast

import pytest
from fastapi import FastAPI
from mangum import Mangum
from starlette.types import Receive, Scope, Send

from runtime.errors import LookwhyError
from runtime.settings import Settings
from runtime.web.api import create_app
from runtime.web.lambda_events import LambdaEvents
from runtime.web.startup_fallback import StartupFallback
from tests.deploy.events import loop_of_this_thread, url_event

NO_REQUESTS = [
    {"source": "aws.events", "detail-type": "Scheduled Event", "detail": {}},
    {"source": "serverless-plugin-warmup"},
    {"key1": "value1", "key2": "value2", "key3": "value3"},
    {"Records": [{"eventSource": "aws:s3", "s3": {}}]},
    {"Records": []},
    {"requestContext": None},
    {"requestContext": {}},
    {"requestContext": {"routeKey": "$connect", "eventType": "CONNECT"}, "isBase64Encoded": False},  # of a web socket
    {"version": "1.0", "requestContext": {"condition": "Success"}, "requestPayload": {}},  # of an asynchronous call
    {},
    [],
    "ping",
    None,
]


@pytest.fixture(autouse=True)
def loop() -> Iterator[None]:
    with loop_of_this_thread():
        yield


@pytest.fixture
def app(engine: Any) -> FastAPI:
    return create_app(engine, Settings.read(access_token="a-token-that-is-hard-to-guess"), on_lambda=True)


@pytest.mark.parametrize("event", NO_REQUESTS, ids=str)
def test_what_is_no_request_is_answered_with_ok(app: FastAPI, event: object) -> None:
    assert LambdaEvents(Mangum(app, lifespan="off"))(event, None) == {"status": "ok"}


def test_a_request_goes_on_as_it_is(app: FastAPI) -> None:
    answer = LambdaEvents(Mangum(app, lifespan="off"))(url_event(path="/nothing"), None)
    assert answer["statusCode"] == 401


def test_a_function_that_cannot_work_says_so_and_tries_again() -> None:
    tried = Counter[str]()

    def open_app() -> Any:
        tried["to open"] += 1
        raise LookwhyError("no models")

    now_s = [0.0]
    answers = LambdaEvents(Mangum(StartupFallback(open_app, clock=lambda: now_s[0]), lifespan="off"))
    assert "temporarily unavailable" in answers({"source": "aws.events"}, None)["error"]["message"]
    now_s[0] = 60.0
    answers({"source": "aws.events"}, None)
    assert tried["to open"] == 2


def test_a_new_release_is_looked_for_at_an_event_that_is_no_request() -> None:
    """All that stands around the app sees it as a request."""
    paths = []

    async def answer(scope: Scope, _receive: Receive, send: Send) -> None:
        paths.append(scope["path"])
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"{}"})

    LambdaEvents(Mangum(cast(Any, answer), lifespan="off"))({"source": "aws.events"}, None)
    assert paths == ["/healthz"]
