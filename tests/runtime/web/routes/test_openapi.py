"""The published description of the API is true: every default in it is accepted, and so are the bounds."""

import io
import json
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from PIL import Image

from runtime.engine import Engine
from runtime.settings import Settings
from runtime.web.api import create_app

# What a request must have, where the description names no default.
NEEDED: dict[str, Any] = {"query": "a red square", "ids": [1]}
ROUTES = ["/search", "/search/image", "/explain"]


@pytest.fixture
def app(engine: Engine) -> FastAPI:
    return create_app(engine, Settings.read(top_k_default=3))


@pytest.fixture
def client(app: FastAPI) -> TestClient:
    return TestClient(app)


def fields_of(app: FastAPI, path: str) -> dict[str, dict[str, Any]]:
    """The fields of a route's body, with what is said of each."""
    described = app.openapi()
    [content] = described["paths"][path]["post"]["requestBody"]["content"].values()
    name = content["schema"]["$ref"].rpartition("/")[2]
    fields: dict[str, dict[str, Any]] = described["components"]["schemas"][name]["properties"]
    return fields


def post(client: TestClient, path: str, fields: dict[str, Any]) -> int:
    if path != "/search/image":
        return client.post(path, json=fields).status_code
    picture = io.BytesIO()
    Image.new("RGB", (8, 8)).save(picture, "PNG")
    texts = {name: value if isinstance(value, str) else json.dumps(value) for name, value in fields.items()}
    return client.post(path, files={"image": ("a.png", picture.getvalue(), "image/png")}, data=texts).status_code


def test_these_are_all_routes_that_take_a_body(app: FastAPI) -> None:
    assert [path for path, route in app.openapi()["paths"].items() if "post" in route] == [*ROUTES, "/open-folder"]


@pytest.mark.parametrize("path", ROUTES)
def test_every_default_that_is_described_is_accepted(client: TestClient, app: FastAPI, path: str) -> None:
    fields = fields_of(app, path)
    defaults = {name: field["default"] for name, field in fields.items() if "default" in field}
    needed = {name: NEEDED[name] for name in fields if name in NEEDED and name not in defaults}
    assert post(client, path, needed | defaults) == 200
    assert post(client, path, needed) == 200


@pytest.mark.parametrize("path", ROUTES)
def test_every_bound_that_is_described_is_the_last_value_accepted(client: TestClient, app: FastAPI, path: str) -> None:
    fields = fields_of(app, path)
    needed = {name: NEEDED[name] for name in fields if name in NEEDED}
    for name, field in fields.items():
        for bound, beyond in (("minimum", -1), ("maximum", 1)):
            if bound in field:
                last = type(field["default"])(field[bound])  # FastAPI describes every bound as a float
                assert post(client, path, needed | {name: last}) == 200
                assert post(client, path, needed | {name: last + beyond}) == 422


def test_numbers_are_described_with_their_defaults_and_the_bounds_of_the_settings(app: FastAPI) -> None:
    for path in ("/search", "/search/image"):
        described = fields_of(app, path)["top_k"]
        assert (described["default"], described["minimum"], described["maximum"]) == (3, 1, 50)
        weight = fields_of(app, path)["picture_weight"]
        assert (weight["default"], weight["minimum"], weight["maximum"]) == (0.5, 0, 1)


@pytest.mark.parametrize("path", ROUTES)
def test_the_form_of_a_body_is_described_as_it_is_told_to_who_sends_another(app: FastAPI, path: str) -> None:
    told = TestClient(app).post(path, content=b"?").json()["error"]["message"]
    described: str = app.openapi()["paths"][path]["post"]["responses"]["422"]["description"]
    assert described.startswith("The body must be")
    assert described in told
