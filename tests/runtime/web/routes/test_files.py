"""Files as answers: HEAD, 304 and ranges; an error has the one form and is counted under its route."""

import os
from dataclasses import replace
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from runtime.engine import Engine
from runtime.library.catalog import Library
from runtime.library.opened_file import OpenedFile, open_picture_file
from runtime.settings import Settings
from runtime.web.api import create_app
from runtime.web.routes.files import FileAnswer, validators
from tests.runtime.web.test_api import fault

PICTURE = "/images/grey.png"
LATER, EARLIER = "Fri, 01 Jan 2100 00:00:00 GMT", "Thu, 01 Jan 1970 00:00:00 GMT"


@pytest.mark.parametrize("path", ["/", "/healthz", "/readyz", "/metrics", "/openapi.json", "/static/app.js", PICTURE])
def test_head_answers_as_get_does_without_a_body(client: TestClient, path: str) -> None:
    got, asked = client.get(path), client.head(path)
    assert (asked.status_code, asked.headers["content-type"]) == (200, got.headers["content-type"])
    assert "x-content-type-options" in asked.headers


def test_head_of_what_is_not_there_is_404_and_of_a_search_405(client: TestClient) -> None:
    assert [client.head(path).status_code for path in ("/nowhere", "/images/nothing.png", "/search")] == [404, 404, 405]


@pytest.mark.parametrize("path", ["/", PICTURE, "/static/app.js"])
def test_what_the_client_has_already_is_not_sent_again(client: TestClient, path: str) -> None:
    first = client.get(path)
    for held in (first.headers["etag"], f"W/{first.headers['etag']}", f'"other", {first.headers["etag"]}', "*"):
        again = client.get(path, headers={"if-none-match": held})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == first.headers["etag"]
    assert client.get(path, headers={"if-none-match": '"other"', "if-modified-since": LATER}).status_code == 200
    assert client.get(path, headers={"if-modified-since": first.headers["last-modified"]}).status_code == 304
    for since in (EARLIER, "yesterday"):
        assert client.get(path, headers={"if-modified-since": since}).status_code == 200


@pytest.mark.parametrize("path", ["/", PICTURE, "/static/app.js"])
def test_another_file_than_the_client_wants_is_not_sent(client: TestClient, path: str) -> None:
    first = client.get(path)
    etag, written = first.headers["etag"], first.headers["last-modified"]
    for right in ({"if-match": etag}, {"if-match": f'"other", {etag}'}, {"if-match": "*"}, {"if-unmodified-since": written}):
        assert client.get(path, headers=right).content == first.content
    for wrong in ({"if-match": '"other"'}, {"if-match": f"W/{etag}"}, {"if-unmodified-since": EARLIER}):
        for headers in (wrong, wrong | {"if-none-match": etag}, wrong | {"range": "bytes=0-3"}):
            answer = client.get(path, headers=headers)
            assert (answer.status_code, fault(answer)["code"]) == (412, "precondition_failed")
    assert client.get(path, headers={"if-match": etag, "if-unmodified-since": EARLIER}).status_code == 200
    assert client.head(path, headers={"if-match": '"other"'}).status_code == 412


def test_a_changed_picture_is_sent_again(client: TestClient, tmp_path: Path) -> None:
    held = client.get(PICTURE).headers["etag"]
    os.utime(tmp_path / PICTURE.lstrip("/"), (1e9, 1e9))
    assert client.get(PICTURE, headers={"if-none-match": held}).status_code == 200


@pytest.mark.parametrize(
    ("mtime_s", "told"), [(2**40, "Fri, 31 Dec 9999 23:59:59 GMT"), (-(2**40), "Thu, 01 Jan 1970 00:00:00 GMT")]
)
def test_a_time_that_no_header_can_write_is_told_as_the_nearest(tmp_path: Path, mtime_s: int, told: str) -> None:
    file = tmp_path / "a.txt"
    file.write_bytes(b"abc")
    facts = os.stat_result((0, 0, 0, 0, 0, 0, 3, 0, mtime_s, 0))  # as tmpfs, ZFS and Btrfs keep them
    with file.open("rb") as content:
        opened = OpenedFile(content, facts)
        assert FileAnswer(opened, "a.txt", {}).headers["last-modified"] == told
        assert validators(opened, "")["last-modified"] == told


def test_part_of_a_picture_is_sent(client: TestClient) -> None:
    whole = client.get(PICTURE).content
    part = client.get(PICTURE, headers={"range": "bytes=2-5"})
    assert (part.status_code, part.content) == (206, whole[2:6])


@pytest.mark.parametrize("path", [PICTURE, "/", "/static/app.js"])
@pytest.mark.parametrize(
    ("asked", "status", "code"),
    [
        ("bytes=abc", 400, "range_malformed"),
        ("bytes=5-2", 400, "range_malformed"),
        ("pages=1-2", 400, "range_malformed"),
        ("nonsense", 400, "range_malformed"),
        ("bytes=99999-", 416, "range_not_satisfiable"),
    ],
)
def test_a_bad_range_is_refused_in_the_one_form(client: TestClient, path: str, asked: str, status: int, code: str) -> None:
    answer = client.get(path, headers={"range": asked})
    assert (answer.status_code, fault(answer)["code"]) == (status, code)
    assert "x-content-type-options" in answer.headers
    assert ("content-range" in answer.headers) is (status == 416)
    route = {PICTURE: "/images/{image_path}", "/static/app.js": "/static"}.get(path, path)
    assert f'lookwhy_requests_total{{route="{route}",status="{status}"}} 1.0' in client.get("/metrics").text


def test_a_picture_that_cannot_be_read_is_not_found_and_the_log_says_why(
    client: TestClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "open", refuse)  # root, as whom containers run tests, may read everything
    answer = client.get(PICTURE)
    assert (answer.status_code, fault(answer)["code"]) == (404, "image_not_found")
    assert "Permission denied" in caplog.text


@pytest.mark.parametrize("name", ["new\nline.png", "end.png\n", "\u2028.png", "\r.png"])
def test_a_name_with_a_line_break_has_an_address(
    engine: Engine, library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    content = (tmp_path / "images" / "grey.png").read_bytes()
    (tmp_path / "images" / name).write_bytes(content)
    row = library.rows([4])[0]
    asked = list[str]()

    def open_file(image_path: str) -> OpenedFile:
        asked.append(image_path)
        return open_picture_file(tmp_path / "images", image_path)

    monkeypatch.setattr(library, "open_file", open_file)
    url = library.image_url(replace(row, image_path=name))
    answer = TestClient(create_app(engine, Settings.read())).get(url)
    assert (answer.content, asked) == (content, [name])
