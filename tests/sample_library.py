"""A library of storybook scenes, built by the project's own commands with the committed sample models."""

import contextlib
import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.ports import free_port

MODELS = ROOT / "sample" / "models"
SCENES = 60
START_LIMIT_S = 300


@dataclass(frozen=True)
class SampleLibrary:
    """Where its pictures and its index lie."""

    images: Path
    index: Path

    @property
    def environment(self) -> dict[str, str]:
        """The environment in which the runtime serves it; no setting of the one who runs the tests gets in."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("GROQ_")}
        return kept | {"MODELS_DIR": str(MODELS), "INDEX_DIR": str(self.index), "PYTHONPATH": str(ROOT)}


def run_module(*arguments: str, environment: dict[str, str] | None = None) -> "subprocess.CompletedProcess[str]":
    """Run `python -m ...` in the folder of the tests, which links to the project, and return what it printed."""
    command = [sys.executable, "-m", *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=900, check=False)


def sample_library_in(folder: Path) -> SampleLibrary:
    """Return the library that `build_sample_library` built there."""
    return SampleLibrary(folder / "images", folder / "index")


def build_sample_library(folder: Path, scenes: int = SCENES) -> SampleLibrary:
    """Draw the scenes and index them, as `make run` does."""
    library = sample_library_in(folder)
    drawn = run_module("export", "storybook", "draw", str(library.images), "--count", str(scenes))
    assert drawn.returncode == 0, drawn.stderr
    indexed = run_module("export", "index", str(library.images), "--models", str(MODELS), "--out", str(library.index))
    assert indexed.returncode == 0, indexed.stderr
    return library


@contextlib.contextmanager
def served(library: SampleLibrary, **settings: str) -> Iterator[tuple[str, "subprocess.Popen[str]"]]:
    """The server of a library on a free port, as a process of its own; `settings` are variables of its environment."""
    port = free_port()
    command = [sys.executable, "-m", "runtime", "serve", "--port", str(port)]
    process = subprocess.Popen(command, env=library.environment | settings, stderr=subprocess.PIPE, text=True)
    try:
        wait_until_ready(f"http://127.0.0.1:{port}", process)
        yield f"http://127.0.0.1:{port}", process
    finally:
        process.kill()
        process.communicate()


def wait_until_ready(base: str, process: "subprocess.Popen[str]") -> None:
    deadline = time.monotonic() + START_LIMIT_S
    while time.monotonic() < deadline:
        assert process.poll() is None, "the server ended"
        with contextlib.suppress(OSError), urllib.request.urlopen(f"{base}/readyz", timeout=60) as answer:
            assert json.load(answer)["pictures"] == SCENES
            return
        time.sleep(0.1)  # the server gives no sign but its answers
    pytest.fail(f"not ready within {START_LIMIT_S} s")
