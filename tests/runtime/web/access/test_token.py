"""Who carries the token: its bearer, and the cookie that it signed, for a while."""

import time

import pytest
from itsdangerous import TimestampSigner
from pydantic import SecretStr

from runtime.web.access.token import COOKIE, COOKIE_AGE_S, AccessToken, bearer_of

TOKEN, OTHER = "the-token-of-these-tests", "another-token-of-theirs"


@pytest.fixture
def token() -> AccessToken:
    return AccessToken(SecretStr(TOKEN))


def has_session(token: AccessToken, *cookies: str) -> bool:
    return token.has_session({b"cookie": "; ".join(cookies).encode()})


@pytest.mark.parametrize("given", ["", OTHER, TOKEN[:-1], f"{TOKEN}x", TOKEN.upper(), f" {TOKEN}", "tökèn", "\ud800"])
def test_only_the_token_is_the_token(token: AccessToken, given: str) -> None:
    assert token.is_right(TOKEN)
    assert not token.is_right(given)


@pytest.mark.parametrize(
    ("header", "given"),
    [
        (f"Bearer {TOKEN}", TOKEN),
        (f"bearer  {TOKEN} ", TOKEN),
        (f"Basic {TOKEN}", None),
        (TOKEN, None),
        ("Bearer", ""),
        ("", None),
    ],
)
def test_a_bearer_is_read_from_its_header(header: str, given: str | None) -> None:
    assert bearer_of({b"authorization": header.encode()}) == given


def test_a_cookie_of_the_token_begins_a_session_among_other_cookies(token: AccessToken) -> None:
    cookie = f"{COOKIE}={token.make_cookie()}"
    assert has_session(token, cookie)
    assert has_session(token, "theme=dark", f"{COOKIE}=of.another.program", cookie)
    assert not has_session(token, "theme=dark")
    assert not token.has_session({})


def test_a_cookie_is_not_valid_once_the_token_is_another(token: AccessToken) -> None:
    assert not has_session(AccessToken(SecretStr(OTHER)), f"{COOKIE}={token.make_cookie()}")


def test_forged_and_cut_cookies_are_no_session(token: AccessToken) -> None:
    value = token.make_cookie()
    name, stamp, signature = value.split(".")
    forged = [
        "",
        ".",
        "..",
        name,
        f"{name}.{stamp}",
        f"{name}.{stamp}.",
        f"{name}.{stamp}.{signature[:-2]}",
        f"{name}.{stamp}.{signature.swapcase()}",
        f"{name}.zzzzzz.{signature}",
        f"{name}x.{stamp}.{signature}",
        f"{stamp}.{name}.{signature}",
        f'"{value}"x',
        TimestampSigner(TOKEN).sign("session").decode(),
        "é" * 100,
        "." * 4000,
    ]
    assert [one for one in forged if has_session(token, f"{COOKIE}={one}")] == []


def test_a_cookie_ends_with_its_age_and_does_not_begin_in_the_future(
    token: AccessToken, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now - COOKIE_AGE_S - 2)
    old = token.make_cookie()
    monkeypatch.setattr(time, "time", lambda: now + 1000)
    future = token.make_cookie()
    monkeypatch.setattr(time, "time", lambda: now)
    assert not has_session(token, f"{COOKIE}={old}")
    assert not has_session(token, f"{COOKIE}={future}")
    assert has_session(token, f"{COOKIE}={token.make_cookie()}")
