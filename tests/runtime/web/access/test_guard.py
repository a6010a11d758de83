"""Who is let in, asked of the whole app: with a token nothing is open but the login page and /healthz."""

from collections.abc import Iterator

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from runtime.engine import Engine
from runtime.settings import Settings
from runtime.web.api import create_app
from tests.runtime.web.access.guarded import BEARER, TOKEN, code_of, guarded_app


@pytest.fixture
def app(engine: Engine) -> FastAPI:
    return guarded_app(engine)


@pytest.fixture
def client(app: FastAPI) -> Iterator[TestClient]:
    with TestClient(app, follow_redirects=False) as client:
        yield client


def every_address(app: FastAPI) -> list[tuple[str, str]]:
    """Each method and path of the published interface, the page, its files, a picture, and ways around a guard of paths."""
    described = [
        (method.upper(), path.replace("{image_path}", "grey.png").replace("{sha256}", "0" * 64).replace("{edge}", "512"))
        for path, methods in app.openapi()["paths"].items()
        for method in methods
    ]
    others = ["/", "/?q=red", "/static/app.js", "/static/", "/static/login/login.html", "/openapi.json", "/docs", "/redoc"]
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
