"""What is wrong with a request is said of each field: what was given, what it must be, in our own words on every route."""

import json
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient
from pydantic import BaseModel

from runtime.settings.accepted_values import FAULTS_MAX
from runtime.web.request_faults import describe_body
from tests.runtime.web.test_api import fault

GOOD: dict[str, dict[str, Any]] = {
    "/search": {"query": "red"},
    "/explain": {"query": "red", "ids": [1]},
    "/open-folder": {"id": 1},
}
WRONG: list[Any] = [None, True, "x", 1.5, 10**30, [], ["x"], {}, {"a": 1}]
# What pydantic, FastAPI, starlette and json say begins or goes on so.
FOREIGN_WORDS = ("Input should", "Field required", "Extra inputs", "unable to", "Value error", "Expecting", "Invalid", "_")


def without_names(message: str, names: set[str]) -> str:
    for name in sorted(names, key=len, reverse=True):
        message = message.replace(name, "")
    return message


def fields_of(app: FastAPI, path: str) -> set[str]:
    """Return the names of all fields of the route with this path, and of a filter."""
    [route] = [one for one in app.routes if isinstance(one, APIRoute) and one.path == path and one.methods != {"HEAD"}]
    names = {"has_text"}
    for one in (*route.dependant.path_params, *route.dependant.query_params, *route.dependant.body_params):
        kind: Any = one.field_info.annotation
        is_model = isinstance(kind, type) and issubclass(kind, BaseModel)
        names |= {field.alias or name for name, field in kind.model_fields.items()} if is_model else {one.alias}
    return names


@pytest.mark.parametrize("path", GOOD)
def test_every_wrong_value_of_every_json_field_is_refused_in_our_words(client: TestClient, app: FastAPI, path: str) -> None:
    names = fields_of(app, path)
    refused = set()
    for name in names - {"has_text"}:
        for wrong in WRONG:
            answer = client.post(path, json=GOOD[path] | {name: wrong})
            if answer.status_code == 422 and fault(answer)["code"] == "request_malformed":
                message = fault(answer)["message"]
                assert message.startswith((f"{name} is ", f"{name} has ")), message
                assert "; it must be " in message
                assert not [word for word in FOREIGN_WORDS if word in without_names(message, names)], message
                refused.add(name)
    assert refused == names - {"has_text"}


@pytest.mark.parametrize("path", ["/pictures", "/timeline", "/folders"])
def test_every_wrong_parameter_is_refused_in_our_words(client: TestClient, app: FastAPI, path: str) -> None:
    names = fields_of(app, path)
    for name in (names & {"limit", "offset", "order", "has_text"}) | {"unknown"}:
        answer = client.get(path, params={name: "maybe"})
        message = fault(answer)["message"]
        said = "is not known here." if name == "unknown" else "is 'maybe'; it must be "
        assert message.startswith(f"{name} {said}"), message
        assert "null" not in message
        assert not [word for word in FOREIGN_WORDS if word in without_names(message, names)], message


def test_an_id_in_a_path_is_refused_in_our_words(client: TestClient) -> None:
    message = fault(client.get("/pictures/first"))["message"]
    assert message.startswith("picture_id is 'first'; it must be a whole number from 1 to ")
    assert message.endswith("The path ends with the id of a picture.")


@pytest.mark.parametrize("name", ["top_k", "picture_weight", "explain", "order", "image"])
def test_every_wrong_field_of_a_form_is_refused_in_our_words(client: TestClient, name: str) -> None:
    files = {} if name == "image" else {"image": ("a.png", b"bytes", "image/png")}
    message = fault(client.post("/search/image", files=files, data={name: "maybe"}))["message"]
    assert message.startswith(f"{name} is 'maybe'; it must be "), message
    as_file = fault(client.post("/search/image", files=files | {"query": ("a.txt", b"red")}))["message"]
    assert "query is a file; it must be a text." in as_file


def test_all_faults_of_a_request_are_told_at_once(client: TestClient) -> None:
    message = fault(client.post("/explain", json={"ids": ["1", None], "heatmap": 2}))["message"]
    assert message.startswith(
        "query is missing; it must be a text. ids has '1' in it; it must be a list of 1 to 50 whole numbers. "
        "heatmap is 2; it must be true or false. The body must be JSON"
    )


def test_what_is_allowed_has_its_keys_and_its_bounds(client: TestClient) -> None:
    message = fault(client.post("/search", json={"query": "red", "where": "2019", "top_k": "5", "like": "7"}))["message"]
    assert (
        "where is '2019'; it must be an object with some of from, to, folder, place, camera, has_text, or null." in message
    )
    assert "top_k is '5'; it must be a whole number from 1 to 50." in message
    assert "like is '7'; it must be a whole number, or null." in message


def test_a_long_list_of_faults_and_a_long_value_are_cut(client: TestClient) -> None:
    many = {f"field {at}": at for at in range(30)} | {"a\nb": 1}
    message = fault(client.post("/open-folder", json={"id": 1} | many))["message"]
    assert message.count("is not known here") == FAULTS_MAX
    assert f"And {31 - FAULTS_MAX} more." in message
    long = fault(client.post("/open-folder", json={"id": "\u202e" * 9 + "9" * 5000}))["message"]
    assert len(long) < 300
    assert "\u202e" not in long


@pytest.mark.parametrize("depth", [10, 100, 500, 900])
def test_a_value_that_is_nested_deeply_is_no_crash(client: TestClient, depth: int) -> None:
    for field in ('"top_k":', '"where":{"from":'):
        body = f'{{"query":"red",{field}{"[" * depth}{"]" * depth}{"}" if "from" in field else ""}}}'
        answer = client.post("/search", content=body, headers={"content-type": "application/json"})
        assert answer.status_code == 422
        assert fault(answer)["code"] in {"request_malformed", "filter_invalid"}


def test_where_a_body_is_no_json_is_told(client: TestClient) -> None:
    answer = client.post("/search", content=b'{"query": "red",}', headers={"content-type": "application/json"})
    assert fault(answer)["message"].startswith("The body is not JSON: it cannot be read from character 17 on. The body must")


@pytest.mark.parametrize(
    ("detail", "said"),
    [
        ("Missing boundary in multipart.", "The form's content-type has no boundary"),
        ("Too many fields. Maximum number of fields is 1000.", "The form has too many fields or files."),
        ("Part exceeded maximum size of 1024KB.", "A field of the form has over a megabyte."),
        ("There was an error parsing the body", "The body cannot be read."),
        ("something new that starlette says", "The body cannot be read."),
    ],
)
def test_what_a_library_says_of_a_body_is_never_passed_on(detail: str, said: str) -> None:
    assert describe_body(detail).startswith(said)


def test_half_a_character_in_a_name_or_a_value_is_no_crash(client: TestClient) -> None:
    body = json.dumps({"id": "\ud800", "\udfff": 1})
    answer = client.post("/open-folder", content=body, headers={"content-type": "application/json"})
    assert (answer.status_code, fault(answer)["code"]) == (422, "request_malformed")
