"""The image as a plain container: read-only, without rights, with nothing but /tmp to write to and no network."""

import json
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

from tests.deploy.container.podman import Container, must, run_once
from tests.sample_library import MODELS, SCENES, SampleLibrary

SERVER = "http://127.0.0.1:8000"
QUERY = '{"query": "a red boat at sunset", "top_k": 3}'
Started = Callable[..., Container]


def ask(container: Container, path: str, *body: str) -> str:
    return must(container.run("python", "/ask.py", SERVER + path, *body))


def test_baked_library_is_searched_and_its_pictures_and_the_page_are_served(full_image: str, started: Started) -> None:
    container = started(full_image)
    assert json.loads(ask(container, "/readyz"))["pictures"] == SCENES
    results = json.loads(ask(container, "/search", QUERY))["results"]
    assert [bool(result["caption"] and result["explanation"]) for result in results] == [True] * 3
    assert "<title>" in ask(container, "/")
    assert (
        must(container.run("sh", "-c", f"python /ask.py {SERVER}{results[0]['image_url']} | head -c 3 | od -An -tx1"))
        == "ff d8 ff"
    )


def test_mounted_folders_and_an_env_file_are_used(
    lean_image: str, library: SampleLibrary, started: Started, tmp_path: Path
) -> None:
    env_file = tmp_path / ".env"
    env_file.write_text("TOP_K_DEFAULT=2\nPORT=9000\n", "utf-8")
    volumes = {library.index: "/index", library.images: "/images", MODELS: "/models"}
    container = started(lean_image, flags=[f"--env-file={env_file}"], volumes=volumes)
    answer = must(container.run("python", "/ask.py", "http://127.0.0.1:9000/search", '{"query": "a castle"}'))
    assert len(json.loads(answer)["results"]) == 2
    assert container.run("python", "deploy/healthcheck.py").returncode == 0


def test_pictures_are_read_by_every_model(full_image: str, library: SampleLibrary, started: Started, tmp_path: Path) -> None:
    index = Path(shutil.copytree(library.index, tmp_path / "index"))
    [catalog] = index.glob("*/catalog.sqlite")
    with sqlite3.connect(catalog) as connection:
        connection.execute("UPDATE images SET caption = NULL")
    connection.close()
    container = started(full_image, volumes={index: "/index"})
    results = json.loads(ask(container, "/search", QUERY))["results"]
    assert [result["caption_source"] for result in results] == ["live"] * 3
    asked = json.dumps({"query": "a boat", "ids": [results[0]["id"]], "heatmap": True})
    [explained] = json.loads(ask(container, "/explain", asked))["results"]
    assert explained["evidence"]["occlusion"]["draws"] > 0


def test_server_has_no_rights_and_writes_nothing(full_image: str, started: Started) -> None:
    container = started(full_image)
    ask(container, "/search", QUERY)
    assert must(container.run("id", "-u")) == "10001"
    for folder in ("/var/task", "/opt/packages", "/models", "/index", "/images"):
        assert container.run("touch", f"{folder}/x").returncode != 0, folder
    assert must(container.run("find", "/tmp", "-type", "f")) == ""


def test_health_check_tells_a_ready_server_from_none(full_image: str, started: Started) -> None:
    container = started(full_image)
    ask(container, "/readyz")
    assert container.run("python", "deploy/healthcheck.py").returncode == 0
    without_a_server = started(full_image, "600", flags=["--entrypoint=sleep"])
    none = without_a_server.run("python", "deploy/healthcheck.py")
    assert (none.returncode, none.stderr[:11]) == (1, "not ready: ")


def test_server_ends_by_itself_when_it_is_told_to(full_image: str, started: Started) -> None:
    container = started(full_image)
    ask(container, "/readyz")
    assert container.stop(limit_s=10) == 0


def test_commands_run_in_the_image_too(full_image: str) -> None:
    answer = must(run_once(full_image, "search", "a castle", "-k", "1", "--json"))
    assert len(json.loads(answer)["results"]) == 1
    assert "serve" in must(run_once(full_image, "--help"))
