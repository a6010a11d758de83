"""The login page and its cookie: who logs in, who must wait, where it leads back to, and what it never loads."""

import logging
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from pydantic import SecretStr

from runtime.engine import Engine
from runtime.errors import SettingInvalid
from runtime.settings import Settings
from runtime.web.access.token import COOKIE
from runtime.web.api import create_app
from tests.runtime.web.access.guarded import BEARER, TOKEN, code_of, guarded_app, log_in


@pytest.fixture
def app(engine: Engine) -> FastAPI:
    return guarded_app(engine)


@pytest.fixture
def client(app: FastAPI) -> Iterator[TestClient]:
    with TestClient(app, follow_redirects=False) as client:
        yield client


def test_a_browser_logs_in_is_led_back_to_its_search_and_logs_out(client: TestClient) -> None:
    asked = client.get("/?q=red+boat&k=4")
    assert (asked.status_code, asked.headers["location"]) == (303, "login?back=%3Fq%3Dred%2Bboat%26k%3D4")
    form = client.get(f"/{asked.headers['location']}")
    assert 'name="back" value="?q=red+boat&amp;k=4"' in form.text
    entered = log_in(client, back="?q=red+boat&k=4")
    assert (entered.status_code, entered.headers["location"]) == (303, ".?q=red+boat&k=4")
    assert client.get("/").status_code == 200
    assert client.get("/images/grey.png").status_code == 200
    assert "You are logged in" in client.get("/login").text
    left = client.post("/logout")
    assert (left.status_code, left.headers["location"]) == (303, "login")
    assert client.get("/").status_code == 303


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites_and_has_an_age(app: FastAPI) -> None:
    for scheme, is_secure in (("http", False), ("https", True)):
        with TestClient(app, base_url=f"{scheme}://nas", follow_redirects=False) as client:
            parts = [part.strip().lower() for part in log_in(client).headers["set-cookie"].split(";")]
            assert parts[0].startswith(f"{COOKIE}=")
            assert {"httponly", "samesite=strict", "path=/", "max-age=2592000"} <= set(parts)
            assert ("secure" in parts) is is_secure
            assert TOKEN not in parts[0]


def test_a_session_ends_when_the_token_changes(client: TestClient, engine: Engine) -> None:
    log_in(client)
    renewed = create_app(engine, Settings.read(access_token=SecretStr("another-token-of-theirs")))
    assert TestClient(renewed, cookies=dict(client.cookies)).get("/readyz").status_code == 401


def test_five_wrong_tokens_and_a_client_must_wait_even_with_the_right_one(
    client: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    with TestClient(client.app, cookies={}) as known:  # a session from before
        log_in(known)
        with caplog.at_level(logging.WARNING):
            assert [log_in(client, f"wrong{number}").status_code for number in range(5)] == [401] * 5
            waits = log_in(client)
            assert (waits.status_code, waits.headers["retry-after"]) == (429, "12")
            assert "Try again in 12 s" in waits.text
            bearer = client.get("/readyz", headers=BEARER)
            assert (bearer.status_code, code_of(bearer), bearer.headers["retry-after"]) == (429, "rate_exceeded", "12")
        assert known.get("/readyz").status_code == 200
    assert len(caplog.records) == 1
    assert "testclient" in caplog.text
    assert "wrong0" not in caplog.text


def test_wrong_bearers_count_as_tries_and_old_cookies_do_not(client: TestClient) -> None:
    for _ in range(20):
        assert client.get("/readyz", headers={"cookie": f"{COOKIE}=session.old.signature"}).status_code == 401
    tries = [client.get("/readyz", headers={"authorization": f"Bearer {number}"}).status_code for number in range(7)]
    assert tries == [401] * 5 + [429] * 2


@pytest.mark.parametrize(
    "back",
    [
        "https://evil.example",
        "//evil.example",
        "/\\evil.example",
        "javascript:alert(1)",
        "?q=\r\nset-cookie: a=b",
        '?q="><script>alert(1)</script>',
        "?q=größe#x",
        "?" + "q" * 5000,
    ],
)
def test_the_way_back_is_a_search_of_this_page_and_nothing_else(client: TestClient, back: str) -> None:
    entered = log_in(client, back=back)
    assert entered.status_code == 303
    assert entered.headers["location"].startswith(".?q") if back.startswith("?") else entered.headers["location"] == "."
    assert [name for name in entered.headers if name == "set-cookie"] == ["set-cookie"]
    assert not {"\r", "\n", "<", '"', "#"} & set(entered.headers["location"])
    shown = client.get("/login", params={"back": back}, headers={"cookie": ""}).text
    assert "<script>" not in shown
    assert "evil.example" not in shown


@pytest.mark.parametrize("content", [b"", b"token", b"%%%", b"token=" + b"x" * 100_000, b"&".join([b"a=b"] * 100), b"\xff"])
def test_a_form_of_any_kind_is_answered_with_the_form(client: TestClient, content: bytes) -> None:
    answer = client.post("/login", content=content)
    assert answer.status_code in {400, 401}
    assert "<form" in answer.text


def test_the_login_page_loads_nothing_runs_nothing_and_sends_to_itself(client: TestClient) -> None:
    page = client.get("/login")
    policy = page.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; img-src data:; style-src 'sha256-")
    assert "form-action 'self'" in policy
    assert page.headers["cache-control"] == "no-store"
    assert page.headers["referrer-policy"] == "same-origin"  # else browsers say of its form that it has no origin
    assert "<script" not in page.text


def test_a_form_of_another_page_never_reaches_the_decoder(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "search_by_image", None)
    client = TestClient(create_app(engine, Settings.read()))
    for headers in ({"origin": "https://evil.example"}, {"origin": "null"}, {"sec-fetch-site": "cross-site"}):
        answer = client.post("/search/image", files={"image": ("a.png", b"anything")}, headers=headers)
        assert (answer.status_code, code_of(answer)) == (403, "origin_not_allowed")


def test_a_page_without_a_login_page_stops_the_start(engine: Engine, tmp_path: Any) -> None:
    (tmp_path / "index.html").write_text("a page of one's own")
    with pytest.raises(SettingInvalid, match=r"FRONTEND_DIR.*login\.html"):
        guarded_app(engine, frontend_dir=tmp_path)
    create_app(engine, Settings.read(frontend_dir=tmp_path))
