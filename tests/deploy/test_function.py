"""The function as Lambda runs it: the real runtime client and `handler.handler`, whole events in, whole answers out."""

import gzip
import io
import json
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.deploy.emulator import Emulator, emulated, fault_of, post
from tests.deploy.events import form_with_picture, url_event
from tests.sample_library import SampleLibrary

JSON = {"content-type": "application/json"}
BODY_MAX_BYTES = 4_500_000


def search(function: Emulator, query: str, top_k: int = 3) -> list[dict[str, Any]]:
    answer = post(function, "/search", {"query": query, "top_k": top_k})
    assert answer.status == 200
    return list(answer.json()["results"])


def test_a_search_answers_with_cards_that_say_why(function: Emulator) -> None:
    answer = post(function, "/search", {"query": "a red boat at sunset", "top_k": 3})
    assert (answer.status, answer.was_base64) == (200, False)
    assert answer.headers["content-type"] == "application/json"
    assert "embed" in answer.headers["server-timing"]
    results = answer.json()["results"]
    assert len(results) == 3
    assert all(hit["caption"] and hit["explanation_source"] == "evidence" for hit in results)


def test_in_json_each_request_has_a_line_with_the_id_that_aws_gave_it(sample_library: SampleLibrary, log: Path) -> None:
    with emulated(sample_library.environment | {"LOG_FORMAT": "json"}, log) as function:
        answer = post(function, "/search", {"query": "a red boat"})
    [line] = [json.loads(line) for line in log.read_text().splitlines() if '"message": "request"' in line]
    assert (line["route"], line["status"]) == ("/search", 200)
    assert line["request_id"] == answer.headers["x-request-id"]
    assert f"RequestId: {line['request_id']}" in log.read_text()  # as the lines of AWS itself say


def test_a_heatmap_comes_from_the_pictures_in_the_image(function: Emulator) -> None:
    [hit] = search(function, "a boat", top_k=1)
    answer = post(function, "/explain", {"query": "a boat", "ids": [hit["id"]], "heatmap": True})
    assert answer.status == 200
    evidence = answer.json()["results"][0]["evidence"]
    assert len(evidence["heatmap"]["contributions"]) == evidence["heatmap"]["grid"]
    assert evidence["occlusion"]["draws"] > 0


def test_a_picture_arrives_byte_for_byte(function: Emulator, sample_library: SampleLibrary) -> None:
    [hit] = search(function, "a castle", top_k=1)
    answer = function.ask(url_event(path=hit["image_url"]))
    assert (answer.status, answer.was_base64) == (200, True)
    assert answer.headers["content-type"] == "image/jpeg"
    assert answer.body == (sample_library.images / hit["image_path"]).read_bytes()


def test_the_page_and_what_it_loads_arrive(function: Emulator) -> None:
    page = function.ask(url_event())
    assert page.headers["content-type"].startswith("text/html")
    assert b"<title>Lookwhy</title>" in page.body
    script = function.ask(url_event(path="/static/app.js"))
    assert (script.status, script.headers["content-type"].split(";")[0]) == (200, "text/javascript")
    zipped = function.ask(url_event(path="/static/app.js", headers={"accept-encoding": "gzip, br"}))
    assert (zipped.was_base64, zipped.headers["content-encoding"]) == (True, "gzip")
    assert gzip.decompress(zipped.body) == script.body


@pytest.mark.parametrize(
    ("event", "status", "code"),
    [
        (url_event(path="/nothing"), 404, "not_found"),
        (url_event(path="/images/nö such.jpg"), 404, "image_not_found"),
        (url_event(path="/images/../handler.py"), 404, "image_not_found"),
        (url_event("DELETE", "/search"), 405, "method_not_allowed"),
        (url_event("POST", "/search", headers=JSON, body=b"{'query'"), 422, "request_malformed"),
        (url_event("POST", "/search", headers=JSON), 422, "request_malformed"),
        (url_event("POST", "/search", headers=JSON, body=b'{"query": " "}'), 422, "query_empty"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_every_fault_has_the_one_error_form(function: Emulator, event: dict[str, Any], status: int, code: str) -> None:
    answer = function.ask(event)
    assert answer.status == status
    assert fault_of(answer)["code"] == code


def test_a_picture_that_is_sent_along_finds_itself(function: Emulator, sample_library: SampleLibrary) -> None:
    picture = sorted(sample_library.images.glob("*.jpg"))[7]
    body, headers = form_with_picture(picture.read_bytes(), top_k="1")
    answer = function.ask(url_event("POST", "/search/image", headers=headers, body=body))
    assert answer.status == 200
    assert answer.json()["results"][0]["image_path"] == picture.name


def test_cookies_in_the_event_change_nothing(function: Emulator) -> None:
    asked = {"query": "a castle", "top_k": 1}
    with_cookies = post(function, "/search", asked, cookies=["session=ü; path=/", "a=1"])
    assert [hit["id"] for hit in with_cookies.json()["results"]] == [hit["id"] for hit in search(function, "a castle", 1)]
    assert "set-cookie" not in with_cookies.headers


@pytest.mark.parametrize(("over", "status", "code"), [(0, 422, "image_unreadable"), (1, 413, "request_too_large")])
def test_an_upload_at_the_limit_is_read_and_one_over_it_is_refused(
    function: Emulator, over: int, status: int, code: str
) -> None:
    frame, headers = form_with_picture(b"")
    body, _ = form_with_picture(b"\xff" * (BODY_MAX_BYTES - len(frame) + over))
    answer = function.ask(url_event("POST", "/search/image", headers=headers, body=body))
    assert answer.status == status
    assert fault_of(answer)["code"] == code


def test_a_text_at_the_limit_is_read_and_one_over_it_is_refused(function: Emulator) -> None:
    frame = len(json.dumps({"query": ""}))
    at_limit = post(function, "/search", {"query": "b" * (BODY_MAX_BYTES - frame)})
    assert (at_limit.status, fault_of(at_limit)["code"]) == (422, "query_too_long")
    over = post(function, "/search", {"query": "b" * (BODY_MAX_BYTES - frame + 1)})
    assert (over.status, fault_of(over)["code"]) == (413, "request_too_large")


def test_the_function_leaves_cors_to_its_url(function: Emulator) -> None:
    """Both at once would send the header twice, which browsers refuse."""
    answer = post(function, "/search", {"query": "a castle"})
    assert not [name for name in answer.headers if name.startswith("access-control-")]


def test_with_origins_set_a_preflight_is_answered_for_them_alone(sample_library: SampleLibrary, log: Path) -> None:
    asked = {"access-control-request-method": "POST", "access-control-request-headers": "content-type"}
    with emulated(sample_library.environment | {"CORS_ORIGINS": "https://page.example"}, log) as function:
        ours = function.ask(url_event("OPTIONS", "/search", headers=asked | {"origin": "https://page.example"}))
        other = function.ask(url_event("OPTIONS", "/search", headers=asked | {"origin": "https://other.example"}))
    assert (ours.status, ours.headers["access-control-allow-origin"]) == (200, "https://page.example")
    assert "access-control-allow-origin" not in other.headers


def test_a_picture_over_the_payload_limit_is_served_smaller(
    sample_library: SampleLibrary, tmp_path: Path, log: Path
) -> None:
    noise = Image.effect_noise((3000, 2000), 120).convert("RGB")
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    [name] = {path.name for path in sorted(sample_library.images.glob("*.jpg"))[:1]}
    noise.save(pictures / name, quality=100)
    assert (pictures / name).stat().st_size > BODY_MAX_BYTES
    with emulated(sample_library.environment | {"IMAGES_DIR": str(pictures)}, log) as function:
        answer = function.ask(url_event(path=f"/images/{name}"))
    assert (answer.status, answer.headers["content-type"]) == (200, "image/jpeg")
    assert len(answer.body) < BODY_MAX_BYTES
    assert Image.open(io.BytesIO(answer.body)).size == (2048, 1365)
