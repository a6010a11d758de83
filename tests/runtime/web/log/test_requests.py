"""In JSON, each request has one line: its route, how it ended, how long it took; what it asked, where that is wanted."""

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient
from PIL import Image

from runtime.engine import Engine
from runtime.settings import Settings
from runtime.web.api import create_app
from runtime.web.log.json_lines import JsonLines
from runtime.web.log.privacy import keep_log_private
from tests.runtime.images.odd_pictures import encoded

SECRET = "passport of grandmother"
TOKEN = "Jx7-pQ2m_Vt9zLr4KwN8"


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    """What the runtime writes, as JSON."""
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(JsonLines())
    logger = logging.getLogger("runtime")
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel("DEBUG")
    keep_log_private()
    yield written
    logger.removeHandler(handler)
    logger.setLevel(level)


def client_of(engine: Engine, **settings: Any) -> TestClient:
    return TestClient(create_app(engine, Settings.read(log_format="json", **settings)), raise_server_exceptions=False)


def lines(written: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in written.getvalue().splitlines()]


def test_a_search_has_one_line_with_its_route_its_stages_and_its_id(engine: Engine, written: io.StringIO) -> None:
    answer = client_of(engine).post("/search", json={"query": "red"}, headers={"x-request-id": "edge-17"})
    [line] = lines(written)
    assert answer.headers["x-request-id"] == line["request_id"] == "edge-17"
    assert (line["method"], line["route"], line["status"], line["level"]) == ("POST", "/search", 200, "info")
    assert line["message"] == "request"
    assert line["ms"] >= line["stages"]["total"] >= line["stages"]["embed"] >= 0
    assert "query" not in line


@pytest.mark.parametrize("given", ["", "a b", "x" * 129, '"}, {"', "häufig"])
def test_an_id_that_is_none_is_replaced(engine: Engine, written: io.StringIO, given: str) -> None:
    answer = client_of(engine).get("/healthz", headers=[(b"x-request-id", given.encode())])
    assert answer.headers["x-request-id"] == lines(written)[0]["request_id"] != given


def test_the_route_of_a_picture_names_no_picture(engine: Engine, written: io.StringIO) -> None:
    client_of(engine).get("/images/a green one.png")
    [line] = lines(written)
    assert (line["route"], line["status"]) == ("/images/{image_path}", 200)
    assert "green" not in written.getvalue()


def test_what_is_asked_stands_in_no_line_whatever_becomes_of_it(
    engine: Engine, written: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = client_of(engine, access_token=TOKEN)
    picture = encoded(Image.new("RGB", (20, 20), "teal"), "PNG")
    client.get(f"/?q={SECRET}")  # without the token: it leads to the login
    client.headers["authorization"] = f"Bearer {TOKEN}"
    client.get(f"/{SECRET}?q={SECRET}")
    client.post("/search", json={"query": SECRET})
    client.post("/search", json={"query": SECRET, "top_k": 0})
    client.post("/search", content=f'{{"query": "{SECRET}"')
    client.post("/explain", json={"query": SECRET, "ids": [1]})
    client.post("/search/image", files={"image": (f"{SECRET}.png", picture)}, data={"query": SECRET})
    client.post("/search/image", files={"image": (f"{SECRET}.png", b"none")}, data={"query": SECRET})
    monkeypatch.setattr(type(engine), "search", lambda _self, request: {}[request.query])  # an error whose text is the query
    assert client.post("/search", json={"query": SECRET}).status_code == 500
    assert [line["status"] for line in lines(written) if line["message"] == "request"] == [
        303, 200, 404, 200, 422, 422, 200, 200, 422, 500,
    ]  # fmt: skip
    for private in (SECRET, SECRET.replace(" ", "%20"), TOKEN):
        assert private not in written.getvalue()


def test_queries_are_logged_where_that_is_wanted_and_they_were_searched_for(engine: Engine, written: io.StringIO) -> None:
    client = client_of(engine, log_queries=True)
    client.post("/search", json={"query": "a red\nboat"})
    client.post("/explain", json={"query": "blue", "ids": [1]})
    client.get("/healthz")
    assert [line.get("query") for line in lines(written)] == ["a red\nboat", "blue", None]


def test_what_goes_wrong_in_a_request_has_its_id(
    engine: Engine, written: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(engine), "search", lambda _self, _request: 1 / 0)
    answer = client_of(engine).post("/search", json={"query": "red"})
    fault, request = lines(written)
    assert fault["request_id"] == request["request_id"] == answer.headers["x-request-id"]
    assert fault["level"] == "error"
    assert "ZeroDivisionError" in fault["exception"]
    assert (request["status"], request["route"]) == (500, "/search")


def test_without_json_no_request_has_a_line(engine: Engine, written: io.StringIO) -> None:
    client = TestClient(create_app(engine, Settings.read()))
    assert "x-request-id" not in client.post("/search", json={"query": "red"}).headers
    assert written.getvalue() == ""
