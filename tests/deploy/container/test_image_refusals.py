"""A container that cannot serve ends at once, with one line that says what to do, after the one that says what it opens."""

import json
import shutil
from pathlib import Path

import pytest

from tests.deploy.container.podman import run_once
from tests.sample_library import SampleLibrary


@pytest.fixture
def index(library: SampleLibrary, tmp_path: Path) -> Path:
    """A copy of the index, to be spoilt."""
    return Path(shutil.copytree(library.index, tmp_path / "index"))


def refusal(image: str, *flags: str, volumes: dict[Path, str] | None = None) -> str:
    """Return the line with which the image ended."""
    finished = run_once(image, flags=flags, volumes=volumes or {})
    assert finished.returncode == 1
    *opens, line = finished.stderr.strip().splitlines()
    assert opens in ([], ["Models: /models. Index: /index."])  # nothing where a setting was refused before
    return line


def test_without_an_index(lean_image: str) -> None:
    assert refusal(lean_image).startswith("error: There is no index in /index (manifest.json is not there). ")


def test_without_models(full_image: str, tmp_path: Path) -> None:
    (tmp_path / "models").mkdir()
    assert refusal(full_image, volumes={tmp_path / "models": "/models"}).startswith(
        "error: There are no models in /models (manifest.json is not there). "
    )


def test_an_index_of_other_models(lean_image: str, index: Path) -> None:
    manifest = json.loads((index / "manifest.json").read_text("utf-8"))
    manifest["models"]["clip/text.onnx"] = "0" * 64
    (index / "manifest.json").write_text(json.dumps(manifest), "utf-8")
    assert "clip/text.onnx" in refusal(lean_image, volumes={index: "/index"})


def test_an_index_cut_short(lean_image: str, index: Path) -> None:
    [catalog] = index.glob("*/catalog.sqlite")
    catalog.write_bytes(catalog.read_bytes()[:1000])
    assert "catalog.sqlite" in refusal(lean_image, volumes={index: "/index"})


def test_a_setting_of_another_form(full_image: str) -> None:
    assert "THREADS" in refusal(full_image, "--env=THREADS=many")
