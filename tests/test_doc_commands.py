"""Every command of the documents is run, or its block says why not.

A command runs in a folder like a checkout, with the sample's models as the exported ones and 60 drawn scenes as the photos.
"""

import os
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.conftest import ROOT
from tests.documents import Command, all_commands
from tests.sample_library import MODELS, SampleLibrary, served, wait_until_ready
from tests.shell import ShellFolder

LIMIT_S = 120
HOST = "localhost:8000"
RUN = list({command.text: command for command in all_commands() if command.reason is None}.values())
PATH = re.compile(r"\btests/[\w/.]+\w")
TARGET = re.compile(r"^([a-z-]+):", re.MULTILINE)
LOOKWHY = f"""#!/bin/sh
exec {sys.executable} {ROOT}/lookwhy.py "$@"
"""


class Checkout(ShellFolder):
    """A folder like a checkout."""

    def start(self, text: str) -> "subprocess.Popen[str]":
        """Start one command, and do not wait for it."""
        return subprocess.Popen(
            ["bash", "-c", text], cwd=self.folder, env=self.environment, stderr=subprocess.PIPE, text=True
        )


@pytest.fixture(scope="module")
def checkout(sample_library: SampleLibrary, tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """A folder like a checkout after the photos' models and index were made."""
    folder = tmp_path_factory.mktemp("checkout")
    home, programs = folder / "home", folder / "programs"
    shutil.copytree(sample_library.images, home / "Pictures")
    shutil.copy(next(sample_library.images.glob("*.jpg")), folder / "photo.jpg")
    shutil.copytree(MODELS, folder / "artifacts" / "models")
    shutil.copytree(sample_library.index, folder / "artifacts" / "index")
    programs.mkdir()
    (programs / "lookwhy").write_text(LOOKWHY, "utf-8")
    (programs / "lookwhy").chmod(0o755)
    environment = {
        "HOME": str(home),
        "PATH": f"{programs}:{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "ORT_DISABLE_TELEMETRY": "1",
        "LANG": "C.UTF-8",
    }
    return Checkout(folder, environment)


@pytest.fixture(scope="module")
def base(sample_library: SampleLibrary) -> Iterator[str]:
    """Where the sample library is served."""
    with served(sample_library) as (address, _process):
        yield address.removeprefix("http://")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def is_server(command: Command) -> bool:
    return command.text.startswith("lookwhy serve")


@pytest.mark.parametrize("command", [command for command in RUN if not is_server(command)], ids=lambda command: command.text)
def test_a_command_of_the_documents_works(command: Command, checkout: Checkout, request: pytest.FixtureRequest) -> None:
    if command.text.startswith("curl "):
        assert shutil.which("curl"), "the documents' examples need curl"
        ended = checkout.run(command.text.replace(HOST, request.getfixturevalue("base")))
        assert '"results":' in ended.stdout
    else:
        ended = checkout.run(command.text)
        assert ended.stdout or not command.text.startswith("lookwhy search")
    assert ended.returncode == 0, ended.stderr


@pytest.mark.parametrize("command", [command for command in RUN if is_server(command)], ids=lambda command: command.text)
def test_a_server_of_the_documents_is_ready_and_ends_when_it_is_told_to(command: Command, checkout: Checkout) -> None:
    port = free_port()
    process = checkout.start(f"exec {command.text} --port {port}")
    try:
        wait_until_ready(f"http://127.0.0.1:{port}", process)
        process.terminate()
        _, complaints = process.communicate(timeout=LIMIT_S)
    finally:
        process.kill()
    assert "Traceback" not in complaints


@pytest.mark.parametrize(
    "command", [command for command in all_commands() if command.reason is not None], ids=lambda command: command.text
)
def test_a_command_that_is_not_run_has_a_reason(command: Command) -> None:
    assert command.reason
    assert len(command.reason.split()) >= 4


def test_every_file_that_a_reason_names_is_there() -> None:
    named = {path for command in all_commands() for path in PATH.findall(command.reason or "")}
    assert [path for path in named if not (ROOT / path).exists()] == []


def test_make_can_make_what_the_documents_have_it_make() -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    for words in (command.text.split() for command in all_commands() if command.text.startswith("make ")):
        variables = {name for name, equals, _ in (word.partition("=") for word in words[1:]) if equals}
        targets = {word for word in words[1:] if "=" not in word}
        assert targets <= set(TARGET.findall(makefile)), words
        assert variables <= set(re.findall(r"\$[({]([A-Z]+)\b", makefile)), words


def test_some_of_every_kind_are_run() -> None:
    programs = {" ".join(command.text.split()[:2]) for command in RUN}
    assert {"lookwhy search", "lookwhy index", "lookwhy serve", "curl -s"} <= programs
