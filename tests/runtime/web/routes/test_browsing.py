"""The routes without a question, and filters on the way from JSON, a form or a query string to the search."""

import json
import re
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from export.index.captions.example_queries import write_examples
from runtime.engine import Engine
from runtime.library.catalog import Library
from runtime.settings import Settings
from runtime.web.api import create_app
from tests.runtime.library.photo_library import NEWEST_FIRST, PHOTOS, write_photos
from tests.runtime.web.test_api import fault, search


@pytest.fixture
def photos(engine: Engine, tmp_path: Path) -> TestClient:
    """The app over a library with facts; its four vectors are of other pictures, which pages do not ask for."""
    (tmp_path / "facts").mkdir()
    engine.library = write_photos(tmp_path / "facts")
    return TestClient(create_app(engine, Settings.read()), raise_server_exceptions=False)


def test_the_timeline_is_answered_with_and_without_a_filter(photos: TestClient) -> None:
    whole = photos.get("/timeline").json()
    assert (whole["pictures"], whole["undated"], whole["months"][0]) == (10, 1, {"month": "2020-01", "pictures": 1})
    filtered = photos.get("/timeline", params={"from": "2019-06", "to": "2019", "folder": "holiday"}).json()
    assert filtered == {
        "pictures": 4,
        "undated": 0,
        "months": [{"month": "2019-12", "pictures": 1}, {"month": "2019-06", "pictures": 3}],
    }


@pytest.mark.parametrize("limit", [1, 3, 200])
def test_pages_lead_to_one_another_and_the_last_one_to_none(photos: TestClient, limit: int) -> None:
    seen, offset = [], 0
    for _ in range(len(PHOTOS) + 1):
        page = photos.get("/pictures", params={"limit": limit, "offset": offset}).json()
        seen += [picture["id"] for picture in page["pictures"]]
        offset = page["next"]
        if offset is None:
            break
    assert seen == NEWEST_FIRST


def test_a_picture_of_a_page_has_the_fields_of_a_result(photos: TestClient) -> None:
    [picture] = photos.get("/pictures", params={"limit": 1, "place": "San Jose"}).json()["pictures"]
    assert picture == {
        "id": 8,
        "image_path": "Cafe\u0301/cup.jpg",
        "image_url": "/images/Cafe%CC%81/cup.jpg",
        "preview_url": f"/previews/{8:064x}.512.jpg",
        "width": 20,
        "height": 10,
        "bytes": 1,
        "caption": "a red boat",
        "caption_source": "index",
        "taken": "2018-06-30",
        "taken_source": None,
        "place": "San José",
        "country": "CR",
        "camera": "Pixel",
    }


def test_one_picture_is_answered_by_its_id_as_a_page_has_it(photos: TestClient) -> None:
    [picture] = photos.get("/pictures", params={"limit": 1, "place": "San Jose"}).json()["pictures"]
    assert photos.get(f"/pictures/{picture['id']}").json() == picture
    unknown, malformed = photos.get("/pictures/4711"), photos.get("/pictures/first")
    assert (unknown.status_code, fault(unknown)["code"]) == (404, "image_not_found")
    assert (malformed.status_code, fault(malformed)["code"]) == (422, "request_malformed")


def test_pages_make_no_captions(client: TestClient, library: Library) -> None:
    pictures = client.get("/pictures").json()["pictures"]
    assert [picture["caption_source"] for picture in pictures] == ["none", "none", "index", "index"]
    assert [picture["taken"] for picture in pictures] == [None] * library.count


@pytest.mark.parametrize("path", ["/timeline", "/pictures", "/pictures/8"])
def test_head_is_answered_as_get_without_a_body(photos: TestClient, path: str) -> None:
    head = photos.head(path)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-type"] == "application/json"


@pytest.mark.parametrize(
    ("address", "status", "code", "said"),
    [
        (
            "/timeline?form=2019",
            422,
            "request_malformed",
            "form is not known here. Parameters are from, to, folder, place, camera",
        ),
        ("/timeline?limit=3", 422, "request_malformed", "limit is not known here. Parameters"),
        ("/timeline?from=June", 422, "filter_invalid", "from is 'June'; it must be a date such as 2019"),
        ("/pictures?from=2020&to=2019", 422, "filter_invalid", "to is '2019'; it must be no earlier than from, 2020"),
        ("/pictures?limit=0", 422, "request_malformed", "limit is '0'; it must be a whole number from 1 to 200."),
        ("/pictures?limit=201", 422, "request_malformed", "limit is '201'; it must be a whole number from 1 to 200."),
        ("/pictures?order=size", 422, "request_malformed", "order is 'size'; it must be 'date' or 'path'."),
        (
            "/pictures?offset=9223372036854775808",
            422,
            "request_malformed",
            "offset is .*; it must be a whole number from 0 to ",
        ),
        ("/pictures?offset=-1", 422, "request_malformed", "offset is '-1'; it must be a whole number from 0 to "),
    ],
)
def test_what_cannot_be_shown_is_refused_by_name(
    photos: TestClient, address: str, status: int, code: str, said: str
) -> None:
    answer = photos.get(address)
    assert (answer.status_code, fault(answer)["code"]) == (status, code)
    assert re.search(said, fault(answer)["message"])


def test_a_search_takes_a_filter_and_says_what_it_left(client: TestClient) -> None:
    body = search(client, query="red", where={"folder": "sub", "place": None}).json()
    assert [result["id"] for result in body["results"]] == [3]
    assert body["filtered"] == {"pictures": 1, "of": 4, "message": "The filter leaves 1 of 4 pictures."}
    none = search(client, query="red", where={"folder": "nowhere"}).json()
    assert (none["results"], none["verdict"], none["filtered"]["pictures"]) == ([], "none", 0)
    assert search(client, query="red").json()["filtered"] is None


def test_a_search_with_a_picture_takes_the_same_filter_as_json(client: TestClient, tmp_path: Path) -> None:
    picture = {"image": (tmp_path / "images" / "grey.png").read_bytes()}
    answer = client.post("/search/image", files=picture, data={"where": json.dumps({"folder": "sub"}), "order": "date"})
    assert [result["id"] for result in answer.json()["results"]] == [3]
    for given in ('{"folder":', "[" * 500, "2019", '{"foldr": "sub"}'):
        refused = client.post("/search/image", files=picture, data={"where": given})
        assert (refused.status_code, fault(refused)["code"]) == (422, "filter_invalid")


@pytest.mark.parametrize(
    ("where", "code"),
    [({"foo": "1"}, "filter_invalid"), ({"from": "2019"}, "photo_facts_missing"), ("2019", "request_malformed")],
)
def test_a_filter_that_cannot_be_used_is_refused(client: TestClient, where: object, code: str) -> None:
    answer = search(client, query="red", where=where)
    assert (answer.status_code, fault(answer)["code"]) == (422, code)


def test_folders_are_counted_with_and_without_a_filter(photos: TestClient) -> None:
    assert photos.get("/folders").json()["folders"][0] == {"folder": "2019", "pictures": 5}
    filtered = photos.get("/folders", params={"from": "2020"}).json()
    assert filtered == {"folders": [{"folder": "2020", "pictures": 1}]}
    assert photos.get("/folders", params={"from": "2024"}).json() == {"folders": []}
    assert fault(photos.get("/folders?limit=3"))["code"] == "request_malformed"


def test_an_index_without_examples_has_none(photos: TestClient) -> None:
    assert photos.get("/examples").json() == {"examples": []}


def test_an_index_with_examples_says_them(engine: Engine, tmp_path: Path) -> None:
    (tmp_path / "facts").mkdir()
    write_photos(tmp_path / "facts").close()
    write_examples(tmp_path / "facts" / "photos.sqlite", ["a red boat", "two boats"])
    engine.library = Library(tmp_path / "facts" / "photos.sqlite", tmp_path)
    client = TestClient(create_app(engine, Settings.read()))
    assert client.get("/examples").json() == {"examples": ["a red boat", "two boats"]}
