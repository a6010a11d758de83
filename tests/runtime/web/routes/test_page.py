"""The page's files as they are sent: revalidated, compressed where that helps, and kept by a worker of their version."""

import re
import shutil
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from runtime.engine import Engine
from runtime.errors import SettingInvalid
from runtime.settings import Settings
from runtime.web.api import create_app
from tests.runtime.web.test_api import fault, search

ZIPPED = {"accept-encoding": "gzip"}
PLAIN = {"accept-encoding": "identity"}


@pytest.mark.parametrize("path", ["/", "/static/app.js", "/static/logo.svg", "/service_worker.js"])
def test_a_browser_asks_for_the_page_s_files_each_time(client: TestClient, path: str) -> None:
    answer = client.get(path)
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-cache")
    if etag := answer.headers.get("etag"):
        again = client.get(path, headers={"if-none-match": etag} | ZIPPED)
        assert (again.status_code, again.headers["cache-control"]) == (304, "no-cache")


def test_an_installed_page_s_description_has_the_type_that_browsers_ask_for(client: TestClient) -> None:
    assert client.get("/static/manifest.webmanifest").headers["content-type"] == "application/manifest+json"


@pytest.mark.parametrize("path", ["/", "/static/page/api.js", "/openapi.json"])
def test_text_is_compressed_for_who_takes_that(client: TestClient, path: str) -> None:
    zipped, plain = client.get(path, headers=ZIPPED), client.get(path, headers=PLAIN)
    assert (zipped.headers["content-encoding"], zipped.content) == ("gzip", plain.content)
    assert "content-encoding" not in plain.headers
    assert int(zipped.headers["content-length"]) < 0.5 * int(plain.headers["content-length"])
    for answer in (zipped, plain):
        assert "accept-encoding" in answer.headers["vary"].lower()


def test_answers_are_compressed_and_pictures_and_parts_of_files_are_not(client: TestClient) -> None:
    client.headers.update(ZIPPED)
    found = search(client, query="red", top_k=4)
    assert (found.headers["content-encoding"], len(found.json()["results"])) == ("gzip", 4)
    assert "content-encoding" not in client.get(found.json()["results"][0]["image_url"]).headers
    assert "content-encoding" not in client.get("/healthz").headers  # too small to gain by it
    part = client.get("/static/app.js", headers={"range": "bytes=0-2000"})
    assert (part.status_code, "content-encoding" in part.headers, len(part.content)) == (206, False, 2001)


@pytest.fixture
def frontend(tmp_path: Path) -> Path:
    """A copy of the page."""
    return Path(shutil.copytree(Settings.read().frontend_dir, tmp_path / "frontend"))


def version_of(client: TestClient) -> str:
    [version] = re.findall(r'const VERSION = "(\w+)";', client.get("/service_worker.js").text)
    return str(version)


@pytest.mark.parametrize("changed", ["app.js", "index.html", "icons/192.png", "service_worker.js"])
def test_the_service_worker_has_another_version_whenever_a_file_changes(
    engine: Engine, frontend: Path, changed: str
) -> None:
    client = TestClient(create_app(engine, Settings.read(frontend_dir=frontend)))
    before = version_of(client)
    assert version_of(client) == before
    (frontend / changed).write_bytes((frontend / changed).read_bytes() + b" ")
    assert version_of(client) != before


def test_a_folder_without_a_page_is_refused_at_the_start(engine: Engine, tmp_path: Path) -> None:
    with pytest.raises(SettingInvalid, match=r"FRONTEND_DIR=.* it has no index\.html that can be read"):
        create_app(engine, Settings.read(frontend_dir=tmp_path / "nowhere"))


def test_a_page_of_one_s_own_needs_no_service_worker(engine: Engine, frontend: Path) -> None:
    (frontend / "service_worker.js").unlink()
    client = TestClient(create_app(engine, Settings.read(frontend_dir=frontend)))
    missing = client.get("/service_worker.js")
    assert (missing.status_code, fault(missing)["code"]) == (404, "not_found")
    assert client.get("/").status_code == 200
