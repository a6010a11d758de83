"""Requests that schemathesis makes of the OpenAPI document, valid and not: every answer is as the document says.

`make fuzz` sends many more of them, to the real server.
"""

from typing import Any

import pytest
from fastapi import FastAPI
from hypothesis import HealthCheck, Phase, given, settings

from runtime.engine import Engine
from runtime.settings import Settings
from runtime.web.api import create_app

EXAMPLES = 12
MODES = ("positive", "negative")


@pytest.fixture
def app(engine: Engine) -> FastAPI:
    return create_app(engine, Settings.read(query_max_chars=200))


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("path", ["/search", "/search/image", "/explain", "/open-folder"])
def test_a_search_is_answered_as_the_document_says(app: FastAPI, path: str, mode: str) -> None:
    check(app, path, "POST", mode)


@pytest.mark.parametrize(
    "path",
    [
        "/images/{image_path}",
        "/previews/{sha256}.{edge}.jpg",
        "/timeline",
        "/pictures",
        "/folders",
        "/examples",
        "/healthz",
        "/readyz",
        "/metrics",
    ],
)
def test_a_route_without_a_body_is_answered_as_the_document_says(app: FastAPI, path: str) -> None:
    check(app, path, "GET", "positive")


def check(app: FastAPI, path: str, method: str, mode: str) -> None:
    """Send some requests, the same ones each time."""
    import schemathesis  # 3 s, which each of the workers would spend to read this file
    from schemathesis.specs.openapi.checks import positive_data_acceptance

    operation = schemathesis.openapi.from_asgi("/openapi.json", app)[path][method]
    # The document cannot say what an empty query or a picture is: what it allows may be refused with 422.
    unsaid = [positive_data_acceptance]
    answered = list[int]()

    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=schemathesis.GenerationMode(mode)))
    def send(case: Any) -> None:
        answer = case.call_and_validate(excluded_checks=unsaid)
        if answer.status_code >= 400 and case.method != "HEAD":
            assert set(answer.json()) == {"error"}
        answered.append(answer.status_code)

    send()
    assert answered
