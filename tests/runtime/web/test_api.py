"""The wire: the seed's contract, one error form on every route, pictures that never lead out of the library."""

from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from httpx2 import Response

from runtime.engine import Engine
from runtime.settings import Settings
from runtime.web.api import create_app
from runtime.web.schemas import ExplainBody, SearchBody


def search(client: TestClient, **body: Any) -> Response:
    return client.post("/search", json=body)


def fault(response: Response) -> dict[str, str]:
    """The error of an answer that has the one form, and nothing besides."""
    body = response.json()
    assert set(body) == {"error"}, body
    assert set(body["error"]) == {"code", "message"}
    assert "Traceback" not in body["error"]["message"]
    error: dict[str, str] = body["error"]
    return error


def test_a_search_answers_the_seeds_contract_and_ours(client: TestClient) -> None:
    answer = search(client, query="red", top_k=3)
    assert answer.status_code == 200
    body = answer.json()
    of_seed = {"query", "top_k", "results"}
    assert set(body) - of_seed == {
        "query_read",
        "verdict",
        "match_probability",
        "filtered",
        "filters_suggested",
        "next",
        "timings_ms",
    }
    assert (body["query"], body["top_k"], len(body["results"])) == ("red", 3, 3)
    for result in body["results"]:
        assert all(result[field] for field in ("image_path", "caption", "explanation"))
        assert result["evidence"]["score"] == result["score"]
        assert result["caption_source"] in {"index", "live"}
        assert result["explanation_source"] == "evidence"


def test_the_pages_of_a_search_go_to_the_end_of_the_library(client: TestClient) -> None:
    first = search(client, query="red", top_k=3).json()
    second = search(client, query="red", top_k=3, cursor=first["next"]).json()
    assert sorted(one["id"] for page in (first, second) for one in page["results"]) == [1, 2, 3, 4]
    assert second["next"] is None
    assert search(client, query="red", top_k=4).json()["next"] is None


def test_a_cursor_of_another_search_says_what_to_do(client: TestClient) -> None:
    cursor = search(client, query="red", top_k=3).json()["next"]
    for wrong in (cursor[:-3], "A" * 1000, "é"):
        refused = search(client, query="red", cursor=wrong)
        assert (refused.status_code, fault(refused)["code"]) == (422, "cursor_invalid")
    message = fault(search(client, query="green", cursor=cursor))["message"]
    assert message.endswith("Send `next` of the page before, or search again without a cursor.")
    assert search(client, query="red", cursor="").json()["query"] == "red"


def test_a_result_says_how_large_its_file_is(client: TestClient) -> None:
    for result in search(client, query="red", top_k=4).json()["results"]:
        assert result["bytes"] == len(client.get(result["image_url"]).content)


def test_answers_are_rendered_as_their_published_form_says(client: TestClient, app: FastAPI) -> None:
    found = search(client, query="red")
    explained = client.post("/explain", json={"query": "red", "ids": [1], "heatmap": True})
    for answer, form in ((found, SearchBody), (explained, ExplainBody)):
        assert answer.headers["content-type"] == "application/json"
        assert answer.content == form.model_validate_json(answer.content, extra="forbid").model_dump_json().encode()
    forms = {
        path: route["post"]["responses"]["200"]["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
        for path, route in app.openapi()["paths"].items()
        if "post" in route
    }
    opened = {"/open-folder": "OpenedFolderBody"}
    assert forms == {"/search": "SearchBody", "/search/image": "SearchBody", "/explain": "ExplainBody"} | opened


def test_top_k_has_a_default_from_the_settings(client: TestClient) -> None:
    assert len(search(client, query="red").json()["results"]) == 2


def test_every_image_url_of_an_answer_is_served_as_an_image(client: TestClient) -> None:
    for result in search(client, query="blue", top_k=4).json()["results"]:
        picture = client.get(result["image_url"])
        assert picture.status_code == 200, result["image_url"]
        assert picture.headers["content-type"] == "image/png"


def test_markup_in_captions_and_names_is_carried_as_text(client: TestClient) -> None:
    answer = search(client, query="red", top_k=1)
    assert answer.headers["content-type"] == "application/json"
    assert answer.json()["results"][0]["caption"] == "a red <script>alert(1)</script> square"


@pytest.mark.parametrize(
    "path",
    [
        "nothing.png",
        "../secret.txt",
        "..%2fsecret.txt",
        "%2e%2e/secret.txt",
        "%2e%2e%2fsecret.txt",
        "..%5csecret.txt",
        "%252e%252e%252fsecret.txt",
        "sub/../../secret.txt",
        "sub/..%2f..%2fsecret.txt",
        "/etc/passwd",
        "%2fetc%2fpasswd",
        "//etc/passwd",
        "grey.png/",
        "grey.png%00",
        "%00",
        "%c0%ae%c0%ae/secret.txt",
        "%ff",
        "",
    ],
)
def test_only_pictures_of_the_library_are_served(client: TestClient, path: str) -> None:
    answer = client.get(f"/images/{path}")
    assert answer.status_code == 404
    assert fault(answer)["code"] in {"image_not_found", "not_found"}


def test_the_rest_of_http_has_the_one_form_too(client: TestClient) -> None:
    assert fault(client.get("/nowhere"))["code"] == "not_found"
    assert fault(client.get("/search"))["code"] == "method_not_allowed"
    assert fault(client.get("/static/nothing.js"))["code"] == "not_found"


def test_a_wrong_address_and_a_wrong_method_say_what_is_right(client: TestClient) -> None:
    assert fault(client.get("/nowhere"))["message"].startswith("There is nothing at this address. The page, ")
    assert fault(client.get("/search?q=boat"))["message"] == "This address does not answer GET; it answers POST."
    assert client.get("/openapi.json").status_code == 200


def test_a_fault_of_the_server_hides_its_cause(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("a secret of the inside")

    monkeypatch.setattr(engine, "search", fail)
    answer = search(TestClient(create_app(engine, Settings.read()), raise_server_exceptions=False), query="red")
    assert answer.status_code == 500
    assert fault(answer)["code"] == "internal"
    assert "secret" not in answer.text


def test_every_answer_carries_server_timing_and_the_safe_headers(client: TestClient) -> None:
    for answer in (search(client, query="red"), client.get("/nowhere"), client.get("/"), search(client, query="")):
        assert "total;dur=" in answer.headers["server-timing"]
        assert "default-src 'self'" in answer.headers["content-security-policy"]
        assert answer.headers["x-content-type-options"] == "nosniff"
    assert "embed;dur=" in search(client, query="red").headers["server-timing"]


def test_health_readiness_and_metrics(client: TestClient) -> None:
    assert client.get("/healthz").json() == {"status": "ok"}
    of_no_release = {"generation": None, "models": None, "damage": None}
    ready = {"status": "ready", "pictures": 4, "sample_models": False, "login": False, "local": False} | of_no_release
    assert client.get("/readyz").json() == ready
    search(client, query="red")
    figures = client.get("/metrics").text
    assert 'lookwhy_requests_total{route="/search",status="200"} 1.0' in figures
    assert "lookwhy_pictures 4.0" in figures


def test_the_page_and_its_parts_are_served(client: TestClient) -> None:
    page = client.get("/")
    assert page.headers["content-type"].startswith("text/html")
    assert "<html" in page.text
    assert client.get("/static/page/style.css").headers["content-type"].startswith("text/css")


def test_other_origins_may_ask_only_where_the_settings_name_them(engine: Engine, app: FastAPI) -> None:
    asked = {"origin": "https://page.example", "access-control-request-method": "POST"}
    assert "access-control-allow-origin" not in TestClient(app).options("/search", headers=asked).headers
    named = create_app(engine, Settings.read(cors_origins="https://Page.example/, https://other.example"))
    assert (
        TestClient(named).options("/search", headers=asked).headers["access-control-allow-origin"] == "https://page.example"
    )
    asked["origin"] = "https://evil.example"
    assert "access-control-allow-origin" not in TestClient(named).options("/search", headers=asked).headers
