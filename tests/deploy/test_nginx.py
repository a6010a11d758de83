"""Behind Debian's nginx, as the documents configure it: below a path that is taken off, and below one that is left on."""

import http.client
import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, expect

from tests.conftest import ROOT
from tests.deploy.emulator import wait_for_port
from tests.deploy.events import form_with_picture
from tests.frontend.conftest import open_browser, watched_page
from tests.frontend.driving import cards, search
from tests.ports import free_port
from tests.sample_library import SampleLibrary, served

NGINX = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
pytestmark = pytest.mark.skipif(NGINX is None, reason="no nginx: install Debian's nginx-light")
DOCUMENTED = re.compile(r"^```nginx\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LOADED = "() => [...document.querySelectorAll('.card img')].slice(0, 3).every((i) => i.complete && i.naturalWidth > 0)"
# Nothing is written but below the folder, and all runs as who runs the tests.
AROUND = """
daemon off;
master_process off;
pid {folder}/pid;
error_log {folder}/errors;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    server {{
        listen 127.0.0.1:{port};
        {location}
    }}
}}
"""
PICTURE_BYTES = 2_000_000  # more than the 1 MB that nginx takes unless it is told to take more


@dataclass(frozen=True)
class Site:
    """The address of the page, below the path."""

    url: str

    def ask(self, method: str, path: str, body: bytes = b"", *, client: str = "127.0.0.1", **headers: str) -> "Got":
        """Ask for what is below the path, from an address of this machine."""
        connection = http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=60, source_address=(client, 0))
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, urlsplit(self.url).path + path, body, named)
        answer = connection.getresponse()
        got = Got(answer.status, answer.read(), answer.headers["location"])
        connection.close()
        return got

    def search(self, client: str = "127.0.0.1", **headers: str) -> "Got":
        """Search for a boat."""
        body = json.dumps({"query": "a red boat", "top_k": 1}).encode()
        return self.ask("POST", "search", body, client=client, content_type="application/json", **headers)


@dataclass(frozen=True)
class Got:
    status: int
    body: bytes
    location: str | None


@contextmanager
def behind_nginx(library: SampleLibrary, folder: Path, *, path_stays: bool, **settings: str) -> Iterator[Site]:
    """The library's server, and nginx before it."""
    [location] = DOCUMENTED.findall((ROOT / "docs/container.md").read_text("utf-8"))
    settings |= {"ROOT_PATH": "/photos"} if path_stays else {}
    with served(library, **settings) as (server, _):
        location = location.replace("http://127.0.0.1:8000/;", f"{server};" if path_stays else f"{server}/;")
        assert server in location
        port = free_port()
        (folder / "nginx.conf").write_text(AROUND.format(folder=folder, port=port, location=location), "utf-8")
        process = subprocess.Popen([str(NGINX), "-c", folder / "nginx.conf", "-e", folder / "errors"])
        try:
            wait_for_port(port, process)
            yield Site(f"http://127.0.0.1:{port}/photos/")
        finally:
            process.terminate()
            process.wait()


@pytest.fixture(scope="module", params=[False, True], ids=["path taken off", "path left on"])
def site(
    request: pytest.FixtureRequest, sample_library: SampleLibrary, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    with behind_nginx(sample_library, tmp_path_factory.mktemp("nginx"), path_stays=request.param) as site:
        yield site


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with open_browser() as browser:
        yield browser


def test_page_search_and_pictures_are_there_below_the_path(site: Site, sample_library: SampleLibrary) -> None:
    assert b"<title>" in site.ask("GET", "").body
    assert site.ask("GET", "static/app.js").status == 200
    [hit] = json.loads(site.search().body)["results"]
    assert site.ask("GET", f"images/{hit['image_path']}").body == (sample_library.images / hit["image_path"]).read_bytes()
    assert site.ask("GET", hit["preview_url"].removeprefix("/")).status == 200


def test_a_large_picture_is_taken_to_search_with(site: Site, sample_library: SampleLibrary) -> None:
    picture = sorted(sample_library.images.glob("*.jpg"))[3]
    body, headers = form_with_picture(picture.read_bytes().ljust(PICTURE_BYTES, b"\0"), top_k="1")
    answer = site.ask("POST", "search/image", body, content_type=headers["content-type"])
    assert (answer.status, json.loads(answer.body)["results"][0]["image_path"]) == (200, picture.name)


@pytest.mark.browser
def test_a_browser_searches_and_sees_the_pictures(site: Site, browser: Browser) -> None:
    with watched_page(browser) as page:
        page.goto(site.url)
        search(page, "a boat at sunset")
        expect(cards(page).first).to_contain_text("boat")
        page.wait_for_function(LOADED)
        assert page.url.startswith(f"{site.url}?q=a+boat")


def test_clients_are_counted_apart_by_what_nginx_says_of_them(sample_library: SampleLibrary, tmp_path: Path) -> None:
    with behind_nginx(sample_library, tmp_path, path_stays=False, RATE_LIMIT="2/hour") as site:
        assert [site.search("127.0.0.2").status for _ in range(3)] == [200, 200, 429]
        assert site.search("127.0.0.2", X_Forwarded_For="203.0.113.9").status == 429  # what a client says of itself
        assert site.search("127.0.0.3").status == 200


def test_where_the_proxy_is_not_named_all_clients_are_one(sample_library: SampleLibrary, tmp_path: Path) -> None:
    with behind_nginx(
        sample_library, tmp_path, path_stays=True, RATE_LIMIT="2/hour", FORWARDED_ALLOW_IPS="203.0.113.1"
    ) as site:
        assert [site.search(f"127.0.0.{last}").status for last in (2, 3, 4)] == [200, 200, 429]


def test_the_path_without_its_slash_leads_to_the_page(site: Site) -> None:
    answer = Site(site.url.removesuffix("/")).ask("GET", "")
    assert answer.status in {301, 308}
    assert urlsplit(str(answer.location)).path == "/photos/"
