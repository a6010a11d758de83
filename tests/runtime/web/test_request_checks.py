"""Every bad field is refused before any work: nothing is decoded, embedded, looked up or captioned for it."""

import json
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from httpx2 import Response

from runtime.engine import Engine
from runtime.search.query import RequestLimits
from runtime.settings import Settings
from runtime.web import api
from tests.runtime.web.test_api import fault

LIMITS = RequestLimits(top_k_max=50, query_max_chars=200, heatmaps_max=2)


class Untouchable:
    """A collaborator that fails the test as soon as anything of it is used, but for `allowed`."""

    def __init__(self, name: str, **allowed: Any) -> None:
        self.__dict__.update(allowed)
        self._name = name

    def __getattr__(self, attribute: str) -> Any:
        pytest.fail(f"{self._name}.{attribute} was used for a request that is refused")


@pytest.fixture
def app() -> FastAPI:
    encoder: Any = Untouchable("encoder")
    ranker: Any = Untouchable("ranker", count=4)
    library: Any = Untouchable("library")
    explainer: Any = Untouchable("explainer")
    captions: Any = Untouchable("captions")
    engine = Engine(encoder, ranker, library, explainer, captions=captions, limits=LIMITS)
    return api.create_app(engine, Settings.read(top_k_default=2), uploads=Untouchable("uploads"))


@pytest.fixture
def client(app: FastAPI) -> TestClient:
    return TestClient(app)


def post(client: TestClient, path: str, fields: dict[str, Any]) -> Response:
    """Send JSON in which half a character is possible, as an escape."""
    return client.post(path, content=json.dumps(fields), headers={"content-type": "application/json"})


BAD_QUERIES = [("r" * 201, "query_too_long"), ("\ud800", "request_malformed")]
BAD_TOP_K = [0, -1, 51, 10**12]
BAD_WEIGHTS = [-0.1, 1.5]


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        *(({"query": query}, code) for query, code in [*BAD_QUERIES, ("", "query_empty"), ("-red", "query_empty")]),
        *(({"query": query, "like": 1}, code) for query, code in BAD_QUERIES),
        *(({"query": "red", "top_k": top_k}, "top_k_out_of_range") for top_k in BAD_TOP_K),
        *(({"query": "", "like": 1, "top_k": top_k}, "top_k_out_of_range") for top_k in BAD_TOP_K),
        *(({"query": "red", "picture_weight": weight}, "picture_weight_out_of_range") for weight in BAD_WEIGHTS),
        *(({"query": "", "like": 1, "picture_weight": weight}, "picture_weight_out_of_range") for weight in BAD_WEIGHTS),
    ],
)
def test_a_search_with_a_bad_field_is_refused_before_any_work(client: TestClient, fields: dict[str, Any], code: str) -> None:
    answer = post(client, "/search", fields)
    assert (answer.status_code, fault(answer)["code"]) == (422, code)


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"query": "r" * 201}, "query_too_long"),
        *(({"top_k": str(top_k)}, "top_k_out_of_range") for top_k in BAD_TOP_K),
        *(({"picture_weight": str(weight)}, "picture_weight_out_of_range") for weight in [*BAD_WEIGHTS, "nan"]),
    ],
)
def test_a_picture_beside_a_bad_field_is_not_even_decoded(client: TestClient, fields: dict[str, str], code: str) -> None:
    answer = client.post("/search/image", files={"image": ("a.png", b"bytes", "image/png")}, data=fields)
    assert (answer.status_code, fault(answer)["code"]) == (422, code)


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        *(
            ({"query": query, "ids": [1]}, code)
            for query, code in [*BAD_QUERIES, (" ", "query_empty"), ("-a", "query_empty")]
        ),
        ({"query": "red", "ids": []}, "ids_out_of_range"),
        ({"query": "red", "ids": list(range(51))}, "ids_out_of_range"),
        ({"query": "red", "ids": [1, 2, 3], "heatmap": True}, "ids_out_of_range"),
    ],
)
def test_an_explanation_with_a_bad_field_is_refused_before_any_work(
    client: TestClient, fields: dict[str, Any], code: str
) -> None:
    answer = post(client, "/explain", fields)
    assert (answer.status_code, fault(answer)["code"]) == (422, code)


def test_a_good_request_does_reach_the_encoder(client: TestClient) -> None:
    with pytest.raises(pytest.fail.Exception, match=r"encoder\.read_part was used"):
        client.post("/search", json={"query": "red"})
