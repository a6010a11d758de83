"""Every command of docs/container.md, in the page's order, each after what those before it left; `docker` is Podman."""

import json
import re
import shlex
from collections.abc import Iterator

import faiss
import httpx
import pytest

from tests.conftest import ROOT
from tests.deploy.container.checkout import Checkout, copy_checkout
from tests.deploy.container.docker_program import LABEL
from tests.deploy.container.podman import podman
from tests.documents import Command, commands_of
from tests.ports import free_port
from tests.sample_library import SCENES, SampleLibrary, wait_until_ready
from tests.shell import LIMIT_S

PAGE = [command for command in commands_of(ROOT / "docs/container.md") if command.text != "make container-test"]
PUBLISHED = re.compile(r"-p \d+:")
QUERY = {"query": "a red boat"}


def write_seed_files(checkout: Checkout, library: SampleLibrary) -> None:
    """Write the seed project's two files, with the library's vectors, beside the checkout's own."""
    [file] = library.index.glob("*/image_index.faiss")
    [rows] = [json.loads(path.read_text("utf-8")) for path in library.index.glob("*/metadata.json")]
    vectors = faiss.read_index(str(file))
    flat = faiss.IndexFlatL2(vectors.d)
    for row in rows:
        flat.add(vectors.reconstruct(row["id"])[None])
    faiss.write_index(flat, str(checkout.folder / "image_index.faiss"))
    metadata = [{"filename": row["image_path"], "path": row["image_path"]} for row in rows]
    (checkout.folder / "metadata.json").write_text(json.dumps(metadata), "utf-8")


@pytest.fixture(scope="module")
def checkout(library: SampleLibrary, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Checkout]:
    """A checkout with models, index and an `.env`, and no image yet."""
    made = copy_checkout(tmp_path_factory.mktemp("documents"), library, {"PORT": str(free_port())})
    (made.folder / ".env").write_text("TOP_K_DEFAULT=2\n", "utf-8")
    write_seed_files(made, library)
    yield made
    made.run(f"PICTURES=~/Pictures docker compose down --volumes; docker rm --force --time=0 --filter=label={LABEL} -a")
    podman("rmi", "--force", "lookwhy", "lookwhy:before", "lookwhy-index")


def exported(command: Command) -> str:
    """Return the `export` lines that stand before a command of the page."""
    before = PAGE[: PAGE.index(command)]
    return "".join(f"{one.text}\n" for one in before if one.text.startswith("export "))


@pytest.mark.parametrize("command", PAGE, ids=lambda command: command.text)
def test_a_command_of_the_page_works(command: Command, checkout: Checkout) -> None:
    if PUBLISHED.search(command.text):
        serve(command.text, checkout)
        return
    done = checkout.run(exported(command) + command.text)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    if " up " in command.text:
        assert_served(int(checkout.environment["PORT"]), hits=5)
    if " search " in command.text:
        assert "scene-" in done.stdout


def serve(text: str, checkout: Checkout) -> None:
    """Start a server, on a port of this machine that is free, search in it, and end it as ctrl-c does."""
    port = free_port()
    process = checkout.start(PUBLISHED.sub(f"-p 127.0.0.1:{port}:", text))
    try:
        wait_until_ready(f"http://127.0.0.1:{port}", process)
        assert_served(port, hits=2 if "--env-file" in text else 5)
        process.terminate()
        _, complaints = process.communicate(timeout=LIMIT_S)
    finally:
        process.kill()
    assert (process.returncode, "Traceback" in complaints) == (0, False), complaints


def assert_served(port: int, hits: int) -> None:
    address = f"http://127.0.0.1:{port}"
    transport = httpx.HTTPTransport(retries=8)
    with httpx.Client(base_url=address, transport=transport, timeout=60) as client:
        assert client.get("/readyz").json()["pictures"] == SCENES
        results = client.post("/search", json=QUERY).json()["results"]
        assert len(results) == hits
        assert client.get(results[0]["image_url"]).content[:2] == b"\xff\xd8"


def test_the_page_has_the_commands_that_are_looked_at_in_a_way_of_their_own() -> None:
    texts = [command.text for command in PAGE]
    assert sum(bool(PUBLISHED.search(text)) for text in texts) >= 3
    assert any(text.startswith("docker compose up") for text in texts)
    assert shlex.split(texts[0])[0] == "make"
