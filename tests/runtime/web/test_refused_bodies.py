"""Bodies that no search can use are refused in the one form: other fields, broken JSON, another type, too large."""

import json
from typing import Any

import pytest
from fastapi.testclient import TestClient

from tests.runtime.web.test_api import fault


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"query": ""}, "query_empty"),
        ({"query": " \n"}, "query_empty"),
        ({"query": "r" * 300}, "query_too_long"),
        ({"query": "red", "top_k": 0}, "top_k_out_of_range"),
        ({"query": "red", "top_k": -1}, "top_k_out_of_range"),
        ({"query": "red", "top_k": 10**9}, "top_k_out_of_range"),
        ({"query": "red", "top_k": 10**40}, "top_k_out_of_range"),
        ({"query": "red", "top_k": "5"}, "request_malformed"),
        ({"query": "red", "top_k": "many"}, "request_malformed"),
        ({"query": "red", "top_k": None}, "request_malformed"),
        ({"query": "red", "top_k": 2.5}, "request_malformed"),
        ({"query": "red", "top_k": True}, "request_malformed"),
        ({"query": None}, "request_malformed"),
        ({"query": ["red"]}, "request_malformed"),
        ({"query": 7}, "request_malformed"),
        ({"query": "red", "explain": "yes"}, "request_malformed"),
        ({}, "request_malformed"),
        ([], "request_malformed"),
        ("red", "request_malformed"),
        (None, "request_malformed"),
    ],
)
def test_bad_bodies_are_refused_in_the_one_form(client: TestClient, body: Any, code: str) -> None:
    answer = client.post("/search", content=json.dumps(body), headers={"content-type": "application/json"})
    assert answer.status_code == 422
    assert fault(answer)["code"] == code


@pytest.mark.parametrize(
    "content", [b"", b"{", b"{'query': 'red'}", b"\xff\xfe\x00", b'{"query": "red"', b"[" * 1900, b'{"query": "b\xf6t"}']
)
def test_broken_json_is_refused_in_the_one_form(client: TestClient, content: bytes) -> None:
    answer = client.post("/search", content=content, headers={"content-type": "application/json"})
    assert answer.status_code == 422
    assert fault(answer)["code"] == "request_malformed"
    assert fault(answer)["message"].endswith(
        'The body must be JSON (content-type: application/json) like {"query": "a red boat", "top_k": 5}.'
    )


def test_half_a_surrogate_pair_is_refused_not_a_crash(client: TestClient) -> None:
    answer = client.post("/search", content=b'{"query": "\\ud800"}', headers={"content-type": "application/json"})
    assert answer.status_code == 422
    assert fault(answer)["code"] == "request_malformed"


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", None])
def test_another_content_type_is_refused_in_the_one_form(client: TestClient, content_type: str | None) -> None:
    headers = {"content-type": content_type} if content_type else {}
    answer = client.post("/search", content=b'{"query": "red"}', headers=headers)
    assert answer.status_code in {400, 415, 422}
    assert "JSON" in fault(answer)["message"]


@pytest.mark.parametrize("announced", [True, False])
def test_a_body_over_the_limit_is_refused(client: TestClient, announced: bool) -> None:
    body = json.dumps({"query": "r" * 5000}).encode()
    content = body if announced else (body[i : i + 500] for i in range(0, len(body), 500))
    answer = client.post("/search", content=content, headers={"content-type": "application/json"})
    assert answer.status_code == 413
    assert fault(answer) == {"code": "request_too_large", "message": fault(answer)["message"]}
    assert "2,000 bytes" in fault(answer)["message"]
