"""Below a path, behind a proxy that leaves the path on, and behind one that takes it off."""

import pytest
from fastapi.testclient import TestClient

from runtime.engine import Engine
from runtime.errors import SettingInvalid
from runtime.settings import Settings
from runtime.web.api import create_app
from tests.runtime.web.access.guarded import TOKEN, guarded_app, log_in


@pytest.fixture
def client(engine: Engine) -> TestClient:
    return TestClient(create_app(engine, Settings.read(root_path="/photos/")), follow_redirects=False)


@pytest.mark.parametrize("prefix", ["", "/photos"])
def test_page_searches_pictures_and_files_answer_with_the_prefix_and_without_it(client: TestClient, prefix: str) -> None:
    for path in ("/", "/static/app.js", "/healthz", "/images/grey.png", "/service_worker.js"):
        assert client.get(f"{prefix}{path}").status_code == 200, path
    assert client.post(f"{prefix}/search", json={"query": "grey"}).status_code == 200


def test_the_prefix_alone_leads_to_the_page(client: TestClient) -> None:
    answer = client.get("/photos?q=a+boat")
    assert (answer.status_code, answer.headers["location"]) == (308, "/photos/?q=a+boat")


def test_what_only_begins_like_it_is_another_path(client: TestClient) -> None:
    assert client.get("/photosynthesis/healthz").status_code == 404
    assert client.get("/photos/photos/healthz").status_code == 404


@pytest.mark.parametrize("path", ["/images", "/static", "/healthz/", "/previews", "/openapi.json/"])
def test_a_slash_too_many_or_too_few_leads_nowhere_past_the_prefix(client: TestClient, path: str) -> None:
    answer = client.get(f"/photos{path}")
    assert (answer.status_code, "location" in answer.headers) == (404, False)


def test_requests_are_counted_by_their_route(client: TestClient) -> None:
    client.get("/photos/healthz")
    assert 'route="/healthz"' in client.get("/metrics").text


def test_the_login_works_below_it(engine: Engine) -> None:
    with TestClient(guarded_app(engine, root_path="/photos"), base_url="https://nas", follow_redirects=False) as client:
        assert client.get("/photos/readyz").status_code == 401
        assert client.get("/photos/").headers["location"] == "login"
        entered = client.post("/photos/login", data={"token": TOKEN})
        assert (entered.status_code, entered.headers["location"]) == (303, ".")
        assert client.get("/photos/readyz").status_code == 200
        assert log_in(client).status_code == 303


@pytest.mark.parametrize("given", ["photos", "/a b", "//photos", "/photos?x"])
def test_a_prefix_that_is_no_path_is_refused(given: str) -> None:
    with pytest.raises(SettingInvalid, match="ROOT_PATH"):
        Settings.read(root_path=given)
