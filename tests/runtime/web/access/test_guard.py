"""Who is let in, asked of the whole app: with a token nothing is open but the login page and /healthz."""

import logging
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from httpx2 import Response
from pydantic import SecretStr
from starlette.websockets import WebSocketDisconnect

from runtime.engine import Engine
from runtime.errors import SettingInvalid
from runtime.settings import Settings
from runtime.web.access.token import COOKIE
from runtime.web.api import create_app

TOKEN = "the-token-of-these-tests"
BEARER = {"authorization": f"Bearer {TOKEN}"}


def guarded_app(engine: Engine, **settings: Any) -> FastAPI:
    return create_app(engine, Settings.read(access_token=SecretStr(TOKEN), **settings))


@pytest.fixture
def app(engine: Engine) -> FastAPI:
    return guarded_app(engine)


@pytest.fixture
def client(app: FastAPI) -> Iterator[TestClient]:
    with TestClient(app, follow_redirects=False) as client:
        yield client


def log_in(client: TestClient, token: str = TOKEN, **fields: str) -> Response:
    return client.post("/login", data={"token": token, **fields})


def code_of(answer: Response) -> str:
    body = answer.json()
    assert set(body) == {"error"}
    assert set(body["error"]) == {"code", "message"}
    return str(body["error"]["code"])


def every_address(app: FastAPI) -> list[tuple[str, str]]:
    """Each method and path of the published interface, the page, its files, a picture, and ways around a guard of paths."""
    described = [
        (method.upper(), path.replace("{image_path}", "grey.png").replace("{sha256}", "0" * 64).replace("{edge}", "512"))
        for path, methods in app.openapi()["paths"].items()
        for method in methods
    ]
    others = ["/", "/?q=red", "/static/app.js", "/static/", "/static/login.html", "/openapi.json", "/docs", "/redoc"]
    tricks = [
        *("//static/app.js", "/%2e%2e/static/app.js", "/healthz/../static/app.js", "/login/../static/app.js"),
        *("/healthz/", "/login/", "/healthz;/../metrics", "/HEALTHZ", "/LOGIN", "/IMAGES/grey.png", "/images/%2e/grey.png"),
        *("/healthz%2f", "/healthz%00", "/static/%2e%2e/healthz", "//healthz", "/nowhere", "/logout"),
        f"/images/grey.png?token={TOKEN}&access_token={TOKEN}",
    ]
    asked = [(method, path) for path in (*others, *tricks) for method in ("GET", "HEAD", "OPTIONS", "POST")]
    return [*described, *asked]


def test_without_the_token_nothing_is_answered_but_the_login_page_and_healthz(client: TestClient, app: FastAPI) -> None:
    addresses = every_address(app)
    assert ("GET", "/images/grey.png") in addresses
    assert ("POST", "/search") in addresses
    let_in = {
        (method, path): answer.status_code
        for method, path in addresses
        if (answer := client.request(method, path)).status_code not in {401, 303}
    }
    assert let_in == {("GET", "/healthz"): 200}
    assert client.get("/login").status_code == 200


def test_with_the_token_all_is_answered_as_without_a_guard(client: TestClient, engine: Engine, app: FastAPI) -> None:
    plain = TestClient(create_app(engine, Settings.read()), follow_redirects=False)
    for method, path in every_address(app):
        if path != "/logout" and method in {"GET", "POST"}:
            answer = client.request(method, path, headers=BEARER)
            assert answer.status_code == plain.request(method, path).status_code, path


def test_programs_are_told_what_to_send_in_the_one_form(client: TestClient) -> None:
    none, wrong = client.get("/readyz"), client.get("/readyz", headers={"authorization": "Bearer wrong"})
    assert [code_of(answer) for answer in (none, wrong)] == ["access_denied"] * 2
    assert none.headers["www-authenticate"] == 'Bearer realm="Lookwhy"'
    assert wrong.headers["www-authenticate"] == 'Bearer realm="Lookwhy", error="invalid_token"'
    for answer in (none, wrong):
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "Bearer" in answer.json()["error"]["message"]


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


def test_a_link_from_another_site_is_asked_again_by_a_page_of_this_one(client: TestClient) -> None:
    link = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document"}
    asked = client.get("/?q=red", headers=link)
    assert asked.status_code == 401
    assert '<meta http-equiv="refresh" content="0">' in asked.text
    assert client.get("/?q=red", headers=link | {"sec-fetch-site": "same-origin"}).status_code == 303


def test_what_is_behind_the_login_is_asked_for_each_time(client: TestClient) -> None:
    for path in ("/", "/static/app.js", "/images/grey.png", "/readyz"):
        assert client.get(path, headers=BEARER).headers["cache-control"] == "private, no-cache"


def test_pictures_are_kept_by_no_cache_that_others_share(engine: Engine) -> None:
    answer = TestClient(create_app(engine, Settings.read())).get("/images/grey.png")
    assert answer.headers["cache-control"] == "private, no-cache"
    assert answer.headers["cross-origin-resource-policy"] == "same-origin"


def test_websockets_are_closed(client: TestClient) -> None:
    with pytest.raises(WebSocketDisconnect), client.websocket_connect("/search"):
        pass


def test_a_form_of_another_page_never_reaches_the_decoder(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "search_by_image", None)
    client = TestClient(create_app(engine, Settings.read()))
    for headers in ({"origin": "https://evil.example"}, {"origin": "null"}, {"sec-fetch-site": "cross-site"}):
        answer = client.post("/search/image", files={"image": ("a.png", b"anything")}, headers=headers)
        assert (answer.status_code, code_of(answer)) == (403, "origin_not_allowed")


def test_another_name_is_refused_on_every_route_before_anything_else(client: TestClient, app: FastAPI) -> None:
    for method, path in every_address(app)[::3]:
        answer = client.request(method, path, headers=BEARER | {"host": "evil.example", "x-forwarded-host": "localhost"})
        assert answer.status_code == 421
    assert "ALLOWED_HOSTS" in client.get("/", headers={"host": "evil.example"}).json()["error"]["message"]


def test_on_lambda_aws_names_and_a_page_of_another_origin_pass(engine: Engine) -> None:
    sent = {"origin": "https://d1.cloudfront.net", "sec-fetch-site": "cross-site", "sec-fetch-mode": "cors"}
    host = {"host": "abcd1234.lambda-url.eu-central-1.on.aws"}
    for on_lambda, status in ((True, 200), (False, 421)):
        client = TestClient(create_app(engine, Settings.read(), on_lambda=on_lambda))
        assert client.post("/search", json={"query": "red"}, headers=sent | host).status_code == status
    assert (
        TestClient(create_app(engine, Settings.read(), on_lambda=True)).get("/", headers={"host": "a.b"}).status_code == 421
    )


def test_searches_beyond_the_rate_are_refused_with_when_to_come_again(engine: Engine) -> None:
    client = TestClient(create_app(engine, Settings.read(rate_limit="2/minute")))
    statuses = [client.post("/search", json={"query": "red"}).status_code for _ in range(3)]
    assert statuses == [200, 200, 429]
    refused = client.post("/explain", json={"query": "red", "ids": [1]})
    assert (code_of(refused), refused.headers["retry-after"]) == ("rate_exceeded", "30")
    assert client.get("/images/grey.png").status_code == 200
    other = TestClient(client.app, client=("203.0.113.7", 1))
    assert other.post("/search", json={"query": "red"}).status_code == 200


def test_a_page_that_may_ask_reads_refusals_too(engine: Engine) -> None:
    client = TestClient(guarded_app(engine, cors_origins="https://page.example", rate_limit="1/minute"))
    asked = {"origin": "https://page.example", "sec-fetch-site": "cross-site", "sec-fetch-mode": "cors"}
    preflight = {"access-control-request-method": "POST", "access-control-request-headers": "authorization"}
    assert client.options("/search", headers=asked | preflight).status_code == 200
    assert client.options("/search", headers=asked | preflight | {"origin": "https://evil.example"}).status_code == 400
    statuses = []
    for headers in (asked, asked | BEARER, asked | BEARER):
        answer = client.post("/search", json={"query": "red"}, headers=headers)
        assert answer.headers["access-control-allow-origin"] == "https://page.example"
        assert "retry-after" in answer.headers["access-control-expose-headers"]
        statuses.append(answer.status_code)
    assert statuses == [401, 200, 429]


def test_below_a_proxys_prefix_the_same_paths_are_open(engine: Engine) -> None:
    client = TestClient(guarded_app(engine), root_path="/photos", follow_redirects=False)
    assert [client.get(path).status_code for path in ("/photos/healthz", "/photos/login", "/photos/")] == [200, 200, 303]
    assert [client.get(path).status_code for path in ("/photos/metrics", "/photos/static/app.js")] == [401, 401]


def test_a_page_without_a_login_page_stops_the_start(engine: Engine, tmp_path: Any) -> None:
    (tmp_path / "index.html").write_text("a page of one's own")
    with pytest.raises(SettingInvalid, match=r"FRONTEND_DIR.*login\.html"):
        guarded_app(engine, frontend_dir=tmp_path)
    create_app(engine, Settings.read(frontend_dir=tmp_path))
