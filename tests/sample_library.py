"""A library of storybook scenes, built by the project's own commands with the committed sample models."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.conftest import ROOT

MODELS = ROOT / "sample" / "models"
SCENES = 60


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
    """Run `python -m ...` from the project's root and return what it printed."""
    command = [sys.executable, "-m", *arguments]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300, check=False)


def build_sample_library(folder: Path) -> SampleLibrary:
    """Draw the scenes and index them, as `make run` does."""
    library = SampleLibrary(folder / "images", folder / "index")
    drawn = run_module("export", "storybook", "draw", str(library.images), "--count", str(SCENES))
    assert drawn.returncode == 0, drawn.stderr
    indexed = run_module("export", "index", str(library.images), "--models", str(MODELS), "--out", str(library.index))
    assert indexed.returncode == 0, indexed.stderr
    return library
