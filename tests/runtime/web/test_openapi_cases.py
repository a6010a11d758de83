"""Requests that schemathesis makes of the OpenAPI document, valid and not: every answer is as the document says.

`make fuzz` sends many more of them, to the real server.
"""

from typing import Any

import pytest
import schemathesis
from fastapi import FastAPI
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import positive_data_acceptance

from runtime.engine import Engine
from runtime.settings import Settings
from runtime.web.api import create_app

EXAMPLES = 12
# The document cannot say what an empty query or a picture is: what it allows may be refused with 422.
UNSAID = [positive_data_acceptance]


@pytest.fixture
def app(engine: Engine) -> FastAPI:
    return create_app(engine, Settings.read(query_max_chars=200))


@pytest.mark.parametrize("mode", list(GenerationMode), ids=str)
@pytest.mark.parametrize("path", ["/search", "/search/image", "/explain", "/open-folder"])
def test_a_search_is_answered_as_the_document_says(app: FastAPI, path: str, mode: GenerationMode) -> None:
    check(schemathesis.openapi.from_asgi("/openapi.json", app)[path]["POST"], mode)


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
    check(schemathesis.openapi.from_asgi("/openapi.json", app)[path]["GET"], GenerationMode.POSITIVE)


def check(operation: Any, mode: GenerationMode) -> None:
    """Send some requests, the same ones each time."""
    answered = list[int]()

    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def send(case: Any) -> None:
        answer = case.call_and_validate(excluded_checks=UNSAID)
        if answer.status_code >= 400 and case.method != "HEAD":
            assert set(answer.json()) == {"error"}
        answered.append(answer.status_code)

    send()
    assert answered
