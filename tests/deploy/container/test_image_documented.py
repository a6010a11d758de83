"""The commands of docs/container.md that run the image, as they stand there; Podman answers to the name of Docker."""

import os
import shlex
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.deploy.container.image import build_image
from tests.deploy.container.podman import ENGINE, configuration, must, podman
from tests.documents import commands_of
from tests.sample_library import MODELS, SampleLibrary

RUNS = [command.text for command in commands_of(ROOT / "docs/container.md") if command.text.startswith("docker run")]
LIMIT_S = 120
ASK = Path(__file__).with_name("ask.py").read_text("utf-8")
# A name, by which the container is asked and removed; no network, as none can be made everywhere.
DOCKER = """#!/bin/sh
command=$1
shift
exec {engine} "$command" --name=documented --network=none "$@"
"""


@pytest.fixture
def shell(library: SampleLibrary, baked: Mapping[str, str], tmp_path: Path) -> Iterator[dict[str, str]]:
    """The environment of a shell in a checkout with models, index, pictures and the image `lookwhy`."""
    build_image("lookwhy", baked)
    (tmp_path / "docker").write_text(DOCKER.format(engine=shlex.join(ENGINE)), "utf-8")
    (tmp_path / "docker").chmod(0o755)
    (tmp_path / "artifacts").mkdir()
    for name, folder in {"artifacts/models": MODELS, "artifacts/index": library.index, "Pictures": library.images}.items():
        (tmp_path / name).symlink_to(folder)
    (tmp_path / ".env").write_text("TOP_K_DEFAULT=2\n", "utf-8")
    yield configuration() | {"PATH": f"{tmp_path}:{os.environ['PATH']}", "HOME": str(tmp_path)}
    podman("rm", "--force", "--time=0", "documented")


@pytest.mark.parametrize("text", RUNS)
def test_a_command_of_the_page_runs(text: str, shell: dict[str, str], tmp_path: Path) -> None:
    arguments = text.rpartition(" lookwhy")[2].split()
    if arguments[:1] == ["search"]:
        done = subprocess.run(
            ["bash", "-c", text], cwd=tmp_path, env=shell, capture_output=True, text=True, timeout=LIMIT_S, check=False
        )
        assert (done.returncode, bool(done.stdout)) == (0, True), done.stderr
        return
    port = int(arguments[-1]) if arguments else 8000
    process = subprocess.Popen(["bash", "-c", f"exec {text}"], cwd=tmp_path, env=shell, stderr=subprocess.PIPE, text=True)
    try:
        while podman("container", "exists", "documented").returncode:
            assert process.poll() is None, process.stderr and process.stderr.read()
        asked = [*ENGINE, "exec", "--interactive", "documented", "python", "-", f"http://127.0.0.1:{port}/readyz"]
        done = subprocess.run(asked, env=shell, input=ASK, capture_output=True, text=True, timeout=LIMIT_S, check=False)
        assert '"pictures":60' in done.stdout.replace(" ", ""), done.stderr
        must(podman("stop", "--time=10", "documented"))
        assert process.wait(LIMIT_S) == 0
    finally:
        process.kill()
        process.wait()
