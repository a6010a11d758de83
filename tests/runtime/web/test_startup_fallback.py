"""StartupFallback: a deployment that is mended meanwhile is found without a restart; one that works costs nothing more."""

import asyncio
import logging
from typing import Any

import pytest

from runtime.artefacts.remote.remote_faults import RemoteUnreachable
from runtime.errors import LookwhyError, RemoteRefused
from runtime.web.startup_fallback import StartupFallback


class Deployment:
    """What is opened: fails as long as `fault` is set."""

    def __init__(self, fault: Exception | None) -> None:
        self.fault, self.openings, self.now_s = fault, 0, 0.0

    def open(self) -> Any:
        self.openings += 1
        if self.fault:
            raise self.fault

        async def app(_scope: Any, _receive: Any, send: Any) -> None:
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b""})

        return app

    def fallback(self) -> StartupFallback:
        return StartupFallback(self.open, retry_s=30, clock=lambda: self.now_s)


def status_of(fallback: StartupFallback) -> int:
    sent: list[Any] = []

    async def receive() -> Any:
        raise AssertionError("nobody here reads a request's body")

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "GET", "path": "/", "headers": []}
    asyncio.run(fallback(scope, receive, send))
    return int(sent[0]["status"])


REFUSED = RemoteRefused("s3://b/index/manifest.json", "there is no such object", "Publish it.")


def test_requests_try_again_but_not_more_often_than_said(caplog: pytest.LogCaptureFixture) -> None:
    deployment = Deployment(REFUSED)
    fallback = deployment.fallback()
    assert [status_of(fallback), status_of(fallback), deployment.openings] == [503, 503, 1]
    deployment.now_s = 31
    assert [status_of(fallback), deployment.openings] == [503, 2]
    deployment.now_s, deployment.fault = 62, None
    assert [status_of(fallback), status_of(fallback), deployment.openings] == [200, 200, 3]
    assert [(record.levelno, record.getMessage()) for record in caplog.records] == [
        (logging.ERROR, f"Not ready: {REFUSED}"),
        (logging.WARNING, "Ready after all."),
    ]


def test_what_may_pass_is_tried_again_soon_then_less_often() -> None:
    deployment = Deployment(RemoteUnreachable("s3://b/index/release.json", "AWS answered SlowDown", "Ask again."))
    fallback = deployment.fallback()
    for waited_s in (0.5, 1, 2, 4, 8, 16, 30, 30):
        openings, deployment.now_s = deployment.openings, deployment.now_s + waited_s - 0.01
        assert (status_of(fallback), deployment.openings) == (503, openings)
        deployment.now_s += 0.02
        assert (status_of(fallback), deployment.openings) == (503, openings + 1)
    deployment.now_s, deployment.fault = deployment.now_s + 30, None
    assert status_of(fallback) == 200


def test_another_cause_is_logged_too(caplog: pytest.LogCaptureFixture) -> None:
    deployment = Deployment(REFUSED)
    fallback = deployment.fallback()
    deployment.now_s, deployment.fault = 31, LookwhyError("something else")
    status_of(fallback)
    assert [record.getMessage() for record in caplog.records] == [f"Not ready: {REFUSED}", "Not ready: something else"]


def test_what_is_no_error_of_ours_ends_the_init() -> None:
    with pytest.raises(ZeroDivisionError):
        Deployment(ZeroDivisionError()).fallback()
