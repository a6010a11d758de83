"""Opening a picture's folder: for a browser on the server's own machine, and for nobody else, however they ask."""

import sys
import time
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from runtime.engine import Engine
from runtime.settings import Settings
from runtime.web.api import create_app
from runtime.web.routes.file_manager import Desktop, command_for, find_desktop
from runtime.web.routes.open_folder import is_from_here
from tests.runtime.web.test_api import fault

HERE = "http://127.0.0.1:8000"
PAGE = {"origin": HERE, "sec-fetch-site": "same-origin"}
WAIT_S = 60


class ShownFiles(Desktop):
    """A desktop that notes what it shows."""

    def __init__(self) -> None:
        self.files: list[Path] = []

    def show(self, file: Path) -> None:
        self.files.append(file)


@pytest.fixture
def shown() -> ShownFiles:
    return ShownFiles()


@pytest.fixture
def app(engine: Engine, shown: ShownFiles) -> FastAPI:
    return create_app(engine, Settings.read(cors_origins="https://page.example", allowed_hosts="*"), desktop=shown)


def asking(app: FastAPI, base_url: str = HERE, client: str = "127.0.0.1", **headers: str) -> TestClient:
    return TestClient(app, base_url=base_url, client=(client, 50_000), headers=headers)


@pytest.mark.parametrize(
    ("base_url", "client"), [(HERE, "127.0.0.1"), ("http://localhost:8000", "127.0.0.1"), ("http://[::1]:8000", "::1")]
)
def test_who_sits_at_the_machine_has_the_folder_opened(
    app: FastAPI, shown: ShownFiles, tmp_path: Path, base_url: str, client: str
) -> None:
    browser = asking(app, base_url, client, **{"origin": base_url, "sec-fetch-site": "same-origin"})
    assert browser.get("/readyz").json()["local"] is True
    answer = browser.post("/open-folder", json={"id": 3})
    assert (answer.status_code, answer.json()) == (200, {"folder": "sub"})
    assert asking(app).post("/open-folder", json={"id": 1}).json() == {"folder": ""}  # a program, no browser
    assert [file.parent for file in shown.files] == [(tmp_path / "images" / "sub"), (tmp_path / "images")]


@pytest.mark.parametrize(
    ("asked", "headers"),
    [
        ({"client": "192.168.1.7"}, PAGE),  # another machine
        ({"client": "testclient"}, PAGE),  # a socket without an address
        ({"base_url": "http://photos.example:8000"}, {}),  # DNS rebinding, where ALLOWED_HOSTS lets all names in
        ({"base_url": "http://127.0.0.1.evil.example"}, {}),
        ({"base_url": "http://mybox:8000"}, {}),
        ({}, {"origin": "https://page.example"}),  # a page that may search
        ({}, {"origin": "https://page.example", "sec-fetch-site": "cross-site"}),
        ({}, {"x-forwarded-for": "127.0.0.1"}),
        ({}, {"X-Forwarded-Proto": "https"}),
        ({}, {"forwarded": "for=127.0.0.1"}),
        ({}, {"via": "1.1 proxy"}),
        ({}, {"x-real-ip": "127.0.0.1"}),
    ],
)
def test_everybody_else_is_refused_and_told_so(
    app: FastAPI, shown: ShownFiles, asked: dict[str, Any], headers: dict[str, str]
) -> None:
    client = asking(app, **asked, **headers)
    answer = client.post("/open-folder", json={"id": 1})
    assert (answer.status_code, fault(answer)["code"]) == (403, "folder_not_opened")
    if "sec-fetch-site" not in headers or headers is PAGE:  # a page elsewhere may not even ask
        assert client.get("/readyz").json()["local"] is False
    assert shown.files == []


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://other.example"},
        {"origin": "null"},
        {"origin": "http://127.0.0.1:9000"},
        {"sec-fetch-site": "cross-site", "content-type": "text/plain"},
    ],
)
def test_a_page_of_another_origin_is_stopped_as_on_every_route(
    app: FastAPI, shown: ShownFiles, headers: dict[str, str]
) -> None:
    answer = asking(app, **headers).post("/open-folder", content=b'{"id": 1}')
    assert (answer.status_code, fault(answer)["code"]) == (403, "origin_not_allowed")
    assert shown.files == []


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"id": 99}, 404, "image_not_found"),
        ({"id": 1, "path": "/etc"}, 422, "request_malformed"),
        ({"id": "1"}, 422, "request_malformed"),
        ({"id": 0}, 422, "request_malformed"),
        ({"path": "/etc"}, 422, "request_malformed"),
    ],
)
def test_only_the_id_of_a_picture_is_taken(
    app: FastAPI, shown: ShownFiles, body: dict[str, object], status: int, code: str
) -> None:
    answer = asking(app).post("/open-folder", json=body)
    assert (answer.status_code, fault(answer)["code"]) == (status, code)
    assert shown.files == []


def test_a_picture_that_is_gone_or_a_link_out_has_no_folder(app: FastAPI, shown: ShownFiles, tmp_path: Path) -> None:
    (tmp_path / "images" / "grey.png").unlink()
    (tmp_path / "elsewhere.png").write_bytes(b"")
    (tmp_path / "images" / "grey.png").symlink_to(tmp_path / "elsewhere.png")
    [image_id] = [one["id"] for one in asking(app).get("/pictures").json()["pictures"] if one["image_path"] == "grey.png"]
    answer = asking(app).post("/open-folder", json={"id": image_id})
    assert (answer.status_code, fault(answer)["code"], shown.files) == (404, "image_not_found", [])


@pytest.mark.parametrize("hosts", [[], [b"127.0.0.1", b"127.0.0.1"]])
def test_without_one_name_that_it_is_asked_by_a_request_is_not_from_here(hosts: list[bytes]) -> None:
    scope = {"client": ("127.0.0.1", 50_000), "headers": [(b"host", host) for host in hosts]}
    assert not is_from_here(scope)
    assert is_from_here(scope | {"headers": [(b"host", b"localhost:8000")]})
    assert not is_from_here(scope | {"headers": [(b"host", b"localhost:8000")], "client": None})


def test_without_a_desktop_no_folder_is_opened(engine: Engine) -> None:
    client = asking(create_app(engine, Settings.read()))
    assert client.get("/readyz").json()["local"] is False
    answer = client.post("/open-folder", json={"id": 1})
    assert (answer.status_code, fault(answer)["code"]) == (403, "folder_not_opened")


def test_a_file_manager_that_cannot_be_started_is_said(engine: Engine, tmp_path: Path) -> None:
    desktop = Desktop(lambda _: [str(tmp_path / "gone")])
    answer = asking(create_app(engine, Settings.read(), desktop=desktop)).post("/open-folder", json={"id": 1})
    assert (answer.status_code, fault(answer)["code"]) == (403, "folder_not_opened")
    assert "cannot be started (No such file" in fault(answer)["message"]


def test_a_desktop_is_found_where_there_is_one() -> None:
    def which(name: str) -> str:
        return f"/usr/bin/{name}"

    assert find_desktop("linux", {}, which) is None
    assert find_desktop("linux", {"DISPLAY": ""}, which) is None
    assert find_desktop("linux", {"WAYLAND_DISPLAY": "wayland-0"}, lambda _: None) is None
    assert find_desktop("linux", {"WAYLAND_DISPLAY": "wayland-0"}, which)
    assert find_desktop("darwin", {}, which)


def test_each_system_has_the_picture_selected_if_it_can() -> None:
    windows = PureWindowsPath(r"C:\my photos\a, b & c.jpg")
    assert command_for("win32", r"C:\explorer.exe", windows) == r'"C:\explorer.exe" /select,"C:\my photos\a, b & c.jpg"'
    assert command_for("darwin", "/usr/bin/open", PurePosixPath("/p/-a.jpg")) == ("/usr/bin/open", "-R", "/p/-a.jpg")
    assert command_for("linux", "/usr/bin/xdg-open", PurePosixPath("/p/-a.jpg")) == ("/usr/bin/xdg-open", "/p")


@pytest.mark.parametrize("name", ["plain", "-dash", "two\nlines", "$(touch x)`id`;'\"", "%f %u", "é 日本"])
def test_names_reach_the_file_manager_as_they_are(tmp_path: Path, name: str) -> None:
    program, told = tmp_path / "xdg-open", tmp_path / "told"
    program.write_text(
        f"#!{sys.executable}\nimport os, sys\n"
        f"with open({str(told) + '.part'!r}, 'wb') as file: file.write(b'\\0'.join(map(os.fsencode, sys.argv[1:])))\n"
        f"os.rename({str(told) + '.part'!r}, {str(told)!r})\n"
    )
    program.chmod(0o755)
    desktop = find_desktop("linux", {"DISPLAY": ":0"}, lambda _: str(program))
    assert desktop
    desktop.show(tmp_path / name / "-picture.jpg")
    deadline = time.monotonic() + WAIT_S
    while not told.exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert told.read_bytes().decode() == str(tmp_path / name)
