"""The wire of evidence: hits in depth, search by picture and by likeness; what they refuse, and how."""

import io
import sys
from typing import Any

import pytest
from fastapi.testclient import TestClient
from PIL import Image

from runtime.engine import Engine
from runtime.settings import Settings
from runtime.web.api import create_app
from tests.runtime.conftest import ColourEncoder
from tests.runtime.images.broken_pictures import BROKEN
from tests.runtime.images.odd_pictures import png_that_claims
from tests.runtime.web.test_api import fault, search


def picture(colour: tuple[int, int, int] = (0, 0, 250), size: tuple[int, int] = (16, 16)) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", size, colour).save(file, "PNG")
    return file.getvalue()


def by_picture(client: TestClient, content: bytes, **fields: Any) -> Any:
    return client.post("/search/image", files={"image": ("mine.png", content, "image/png")}, data=fields)


@pytest.fixture
def roomy(engine: Engine) -> TestClient:
    return TestClient(create_app(engine, Settings.read(top_k_default=2)), raise_server_exceptions=False)


def test_hits_in_depth_carry_words_heatmap_and_its_check(client: TestClient) -> None:
    answer = client.post("/explain", json={"query": "red", "ids": [2, 1], "heatmap": True})
    assert answer.status_code == 200
    assert [result["id"] for result in answer.json()["results"]] == [2, 1]
    red = answer.json()["results"][1]
    assert red["explanation_source"] == "evidence"
    assert red["evidence"]["words"] == [
        {"word": "red", "drop": pytest.approx(0.5, abs=0.5), "share": 1.0, "in_caption": True}
    ]
    assert (red["evidence"]["heatmap"]["grid"], red["evidence"]["heatmap"]["box"]) == (2, [0.25, 0.0, 0.75, 1.0])
    assert len(red["evidence"]["heatmap"]["contributions"]) == 2
    assert set(red["evidence"]["occlusion"]) == {"patches", "draws", "hottest_drop", "random_drop", "holds"}
    assert "heatmap;dur=" in answer.headers["server-timing"]


def test_without_a_sentence_there_are_neither_words_nor_an_author(client: TestClient) -> None:
    [result] = client.post("/explain", json={"query": "red", "ids": [1], "explain": False}).json()["results"]
    assert (result["explanation"], result["explanation_source"], result["evidence"]["words"]) == ("", "none", [])


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"query": "red", "ids": []}, 422, "ids_out_of_range"),
        ({"query": "red", "ids": [1, 2, 3], "heatmap": True}, 422, "ids_out_of_range"),
        ({"query": "red", "ids": [99]}, 404, "image_not_found"),
        ({"query": "red", "ids": [10**30]}, 404, "image_not_found"),
        ({"query": "", "ids": [1]}, 422, "query_empty"),
        ({"query": "-red", "ids": [1]}, 422, "query_empty"),
        ({"query": "red", "ids": ["1"]}, 422, "request_malformed"),
        ({"query": "red", "ids": 1}, 422, "request_malformed"),
        ({"query": "red"}, 422, "request_malformed"),
    ],
)
def test_bad_questions_in_depth_are_refused(client: TestClient, body: dict[str, Any], status: int, code: str) -> None:
    answer = client.post("/explain", json=body)
    assert (answer.status_code, fault(answer)["code"]) == (status, code)


def test_a_malformed_question_is_told_the_form_of_its_own_route(client: TestClient) -> None:
    assert '"ids"' in fault(client.post("/explain", json={"query": "red"}))["message"]
    assert "multipart/form-data" in fault(client.post("/search/image", json={"query": "red"}))["message"]


def test_a_picture_that_is_sent_finds_its_like(roomy: TestClient) -> None:
    answer = by_picture(roomy, picture(), top_k="3")
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert (body["query"], body["top_k"], body["verdict"]) == ("", 3, None)
    assert body["results"][0]["image_path"] == "sub/blue #1.png"
    assert body["results"][0]["explanation_source"] == "evidence"


def test_a_picture_is_sent_again_with_the_cursor_of_the_next_page(roomy: TestClient) -> None:
    first = by_picture(roomy, picture(), top_k="3").json()
    second = by_picture(roomy, picture(), top_k="3", cursor=first["next"]).json()
    assert sorted(one["id"] for page in (first, second) for one in page["results"]) == [1, 2, 3, 4]
    assert second["next"] is None
    refused = by_picture(roomy, picture(), query="red", cursor=first["next"])
    assert (refused.status_code, fault(refused)["code"]) == (422, "cursor_invalid")


def test_words_can_be_sent_with_a_picture(roomy: TestClient) -> None:
    body = by_picture(roomy, picture(), query="green", picture_weight="0", explain="false", top_k="1").json()
    assert body["results"][0]["image_path"] == "a green one.png"
    assert body["results"][0]["explanation"] == ""


@pytest.mark.parametrize(
    ("content", "fields", "status", "code"),
    [
        (b"", {}, 422, "image_unreadable"),
        (b"not a picture", {}, 422, "image_unreadable"),
        (picture()[:60], {}, 422, "image_unreadable"),
        (picture(size=(1, 1)), {"top_k": "0"}, 422, "top_k_out_of_range"),
        (picture(), {"top_k": "many"}, 422, "request_malformed"),
        (picture(), {"picture_weight": "2"}, 422, "picture_weight_out_of_range"),
        (picture(), {"picture_weight": "nan"}, 422, "picture_weight_out_of_range"),
        (picture(), {"query": "r" * 300}, 422, "query_too_long"),
    ],
)
def test_bad_pictures_and_fields_are_refused(
    roomy: TestClient, content: bytes, fields: dict[str, str], status: int, code: str
) -> None:
    answer = by_picture(roomy, content, **fields)
    assert (answer.status_code, fault(answer)["code"]) == (status, code)


def test_a_picture_over_the_body_limit_is_refused(client: TestClient) -> None:
    answer = by_picture(client, b"x" * 5000)
    assert (answer.status_code, fault(answer)["code"]) == (413, "request_too_large")


def test_a_picture_with_too_many_pixels_is_refused_before_decoding(roomy: TestClient) -> None:
    answer = by_picture(roomy, png_that_claims(12_500, 12_500))
    assert (answer.status_code, fault(answer)["code"]) == (413, "image_too_large")


@pytest.mark.parametrize("error", [RuntimeError("decoder"), AttributeError("encode"), MemoryError(), RecursionError()])
def test_whatever_a_decoder_raises_is_one_422(error: Exception, roomy: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def load(_: object) -> None:
        raise error

    content = picture()
    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", load)
    answer = by_picture(roomy, content)
    assert (answer.status_code, fault(answer)["code"]) == (422, "image_unreadable")


@pytest.mark.parametrize("kind", BROKEN)
def test_a_picture_with_broken_metadata_is_searched_with(kind: str, roomy: TestClient) -> None:
    assert by_picture(roomy, BROKEN[kind]()).status_code == 200


def test_more_like_this_needs_no_words(client: TestClient) -> None:
    body = search(client, query="", like=1, top_k=3).json()
    assert (body["query"], len(body["results"])) == ("", 3)
    assert 1 not in [result["id"] for result in body["results"]]


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"query": "", "like": 99}, 404, "image_not_found"),
        ({"query": "", "like": "1"}, 422, "request_malformed"),
        ({"query": "red", "like": 1, "picture_weight": -1}, 422, "picture_weight_out_of_range"),
        ({"query": "-red"}, 422, "query_empty"),
    ],
)
def test_bad_likenesses_are_refused(client: TestClient, body: dict[str, Any], status: int, code: str) -> None:
    answer = search(client, **body)
    assert (answer.status_code, fault(answer)["code"]) == (status, code)


def test_without_pillow_pictures_are_refused_by_name_and_words_still_search(
    roomy: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "PIL", None)
    answer = by_picture(roomy, b"anything")
    assert (answer.status_code, fault(answer)["code"]) == (501, "pictures_unsupported")
    assert roomy.post("/explain", json={"query": "red", "ids": [1], "heatmap": True}).status_code == 501
    assert search(roomy, query="red", top_k=1).status_code == 200


def test_the_answer_says_which_part_of_a_long_query_was_read(client: TestClient, encoder: ColourEncoder) -> None:
    encoder.context_words = 2
    found = client.post("/search", json={"query": "a red square", "top_k": 1}).json()
    assert (found["query"], found["query_read"]) == ("a red square", "a red")
    assert client.post("/explain", json={"query": "a red square", "ids": [1]}).json()["query_read"] == "a red"
    assert client.post("/search", json={"query": "a red", "top_k": 1}).json()["query_read"] is None


def test_the_answer_says_in_which_other_language_the_query_is(client: TestClient) -> None:
    assert client.post("/search", json={"query": "赤い船", "top_k": 1}).json()["query_language"] == "ja"
    assert client.post("/explain", json={"query": "ein rotes Boot", "ids": [1]}).json()["query_language"] == "de"
    assert "query_language" not in client.post("/search", json={"query": "a red boat", "top_k": 1}).json()
