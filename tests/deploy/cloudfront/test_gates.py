"""The functions that CloudFront runs before each request: who gets past them, and what they tell the function."""

import json
from typing import Any
from urllib.parse import unquote

import pytest
from pydantic import SecretStr

from runtime.web.access.token import COOKIE_AGE_S, AccessToken
from tests.deploy.cloudfront.edge import (
    ENGINES,
    VIEWER,
    decoded_query,
    function_code,
    needs_engine,
    run_function,
    viewer_request,
)

TOKEN = "the-token_of.these~tests"
PICTURE = "/previews/0123.512.jpg"

pytestmark = needs_engine
with_each_engine = pytest.mark.parametrize("engine", ENGINES)


def cookie_of(token: str = TOKEN) -> str:
    return AccessToken(SecretStr(token)).make_cookie()


def cookie_from(seconds_ago: int, monkeypatch: pytest.MonkeyPatch) -> str:
    from itsdangerous import TimestampSigner

    real = TimestampSigner.get_timestamp
    with monkeypatch.context() as patched:
        patched.setattr(TimestampSigner, "get_timestamp", lambda signer: real(signer) - seconds_ago)
        return cookie_of()


def past_the_site_gate(engine: str, *events: dict[str, Any], token: str = TOKEN) -> list[dict[str, Any]]:
    return run_function(engine, function_code("SiteGate", token), events)


@with_each_engine
def test_the_runtimes_own_cookie_and_the_token_open_the_pictures(engine: str) -> None:
    bearer = {"Authorization": f"Bearer {TOKEN}"}
    events = [
        viewer_request(PICTURE, cookies=[cookie_of()]),
        viewer_request(PICTURE, cookies=["of-another-program", cookie_of()]),
        viewer_request(PICTURE, headers=bearer),
        viewer_request("/", cookies=[cookie_of()]),
    ]
    passed = past_the_site_gate(engine, *events)
    assert [request.get("uri") for request in passed] == [PICTURE, PICTURE, PICTURE, "/index.html"]


@with_each_engine
def test_nothing_else_does(engine: str, monkeypatch: pytest.MonkeyPatch) -> None:
    right = cookie_of()
    name, time, signature = right.split(".")
    other_time = time[:-1] + ("A" if time[-1] != "A" else "Q")
    cookies = {
        "signed with another token": cookie_of("another-token-of-theirs"),
        "older than a session": cookie_from(COOKIE_AGE_S + 100, monkeypatch),
        "from the future": cookie_from(-10_000, monkeypatch),
        "another time": f"{name}.{other_time}.{signature}",
        "another text": f"sessions.{time}.{signature}",
        "no signature": f"{name}.{time}.",
        "no time": f"{name}..{signature}",
        "two parts": f"{name}.{signature}",
        "empty": "",
        "half of it": right[:-1],
        "more than it": f"{right}.",
    }
    events = [viewer_request(PICTURE, cookies=[value]) for value in cookies.values()]
    events += [viewer_request(PICTURE, cookies=["x", "y", "z", right])]  # as the runtime, it reads three of the name
    events += [viewer_request(PICTURE, headers={"authorization": value}) for value in ("Bearer wrong", TOKEN, "Bearer ", "")]
    events += [
        viewer_request(path) for path in (PICTURE, "/images/a.jpg", "/index.html", "/static/app.js", "/service_worker.js")
    ]
    for refused in past_the_site_gate(engine, *events):
        assert refused["statusCode"] == 401
        assert json.loads(refused["body"])["error"]["code"] == "access_denied"
        assert refused["headers"]["cache-control"]["value"] == "no-store"


@with_each_engine
def test_a_session_lasts_to_its_last_minute(engine: str, monkeypatch: pytest.MonkeyPatch) -> None:
    [passed] = past_the_site_gate(engine, viewer_request(PICTURE, cookies=[cookie_from(COOKIE_AGE_S - 100, monkeypatch)]))
    assert passed["uri"] == PICTURE


@with_each_engine
def test_without_a_token_all_pass(engine: str) -> None:
    page, picture = past_the_site_gate(engine, viewer_request("/"), viewer_request(PICTURE), token="")
    assert (page["uri"], picture["uri"]) == ("/index.html", PICTURE)


@with_each_engine
def test_who_has_no_session_is_led_to_the_login_and_back_to_the_search(engine: str) -> None:
    bare, searched, linked = past_the_site_gate(
        engine,
        viewer_request("/"),
        viewer_request("/", query="q=red+boat%26more&in=2019&in=2020"),
        viewer_request("/", query="q=x", headers={"sec-fetch-site": "cross-site"}),
    )
    assert (bare["statusCode"], bare["headers"]["location"]["value"]) == (303, "/login")
    login = searched["headers"]["location"]["value"]
    assert decoded_query(login) == {"back": "?q=red+boat%26more&in=2019&in=2020"}
    assert unquote(login.partition("=")[2]).startswith("?q=")
    assert (linked["statusCode"], "http-equiv" in linked["body"]) == (401, True)


@with_each_engine
def test_the_function_is_told_who_asks_and_with_which_token(engine: str) -> None:
    forged = {"x-lookwhy-client": "198.51.100.9", "x-lookwhy-authorization": "Bearer forged", "accept": "text/html"}
    with_token, without = run_function(
        engine,
        function_code("FunctionGate"),
        [
            viewer_request("/readyz", headers={"authorization": "Bearer mine"}),
            viewer_request("/readyz", headers=forged),
        ],
    )
    assert with_token["headers"]["x-lookwhy-client"]["value"] == VIEWER
    assert with_token["headers"]["x-lookwhy-authorization"]["value"] == "Bearer mine"
    assert without["headers"]["x-lookwhy-client"]["value"] == VIEWER
    assert "x-lookwhy-authorization" not in without["headers"]
    assert without["headers"]["accept"]["value"] == "text/html"


@with_each_engine
def test_a_post_without_the_hash_that_aws_needs_is_told_so(engine: str) -> None:
    hashed = {"x-amz-content-sha256": "00"}
    refused, passed = run_function(
        engine,
        function_code("FunctionGate"),
        [viewer_request("/search", method="POST"), viewer_request("/search", method="POST", headers=hashed)],
    )
    assert refused["statusCode"] == 400
    assert json.loads(refused["body"])["error"]["code"] == "body_hash_missing"
    assert passed["uri"] == "/search"


def test_each_function_fits_into_what_cloudfront_takes() -> None:
    for name in ("SiteGate", "FunctionGate"):
        assert len(function_code(name, "x" * 200).encode()) <= 10_240
