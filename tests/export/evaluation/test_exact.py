"""The exact models beside quantized ones: found, refused where they are others, made where the manifest says of what."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from export.console import SilentDisplay
from export.errors import ExactModelsUnusable
from export.evaluation.exact import exact_folder
from runtime.artefacts.manifest import read_models_manifest
from runtime.errors import ArtefactMissing
from tests.sample_library import MODELS

Change = Callable[[dict[str, Any]], None]


def copy_models(folder: Path, change: Change = lambda _: None) -> Path:
    shutil.copytree(MODELS, folder)
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    change(manifest)
    (folder / "manifest.json").write_text(json.dumps(manifest), "utf-8")
    return folder


def as_exact(manifest: dict[str, Any]) -> None:
    manifest["precision"] = "fp32"


def without_sources(manifest: dict[str, Any]) -> None:
    manifest["made_by"] = {"command": "python -m export models"}


def find(models: Path, given: Path | None = None) -> Path | None:
    return exact_folder(models, read_models_manifest(models), given, SilentDisplay())


def test_the_folder_beside_is_found_by_its_name_and_another_by_the_flag(tmp_path: Path) -> None:
    models = copy_models(tmp_path / "models")
    beside = copy_models(tmp_path / "models-fp32", as_exact)
    elsewhere = copy_models(tmp_path / "elsewhere", as_exact)
    assert find(models) == beside
    assert find(models, elsewhere) == elsewhere


def test_it_is_found_also_from_within_the_models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    copy_models(tmp_path / "models-fp32", as_exact)
    monkeypatch.chdir(copy_models(tmp_path / "models"))
    assert find(Path()) == tmp_path / "models-fp32"


def test_exact_models_have_none_beside_them(tmp_path: Path) -> None:
    assert find(copy_models(tmp_path / "models", as_exact)) is None


def test_an_absent_one_of_unknown_origin_is_an_error_that_says_how_to_make_it(tmp_path: Path) -> None:
    models = copy_models(tmp_path / "models", without_sources)
    with pytest.raises(ExactModelsUnusable, match=r"lookwhy models .*--precision fp32 --out .*models-fp32"):
        find(models)
    assert not (tmp_path / "models-fp32").exists()


def test_a_folder_that_holds_something_else_is_left_alone(tmp_path: Path) -> None:
    photos = tmp_path / "photos"
    photos.mkdir()
    (photos / "a.jpg").write_bytes(b"x")
    with pytest.raises(ArtefactMissing, match=r"no models in .*photos \(manifest\.json"):
        find(copy_models(tmp_path / "models"), photos)
    assert (photos / "a.jpg").read_bytes() == b"x"


@pytest.mark.parametrize(
    ("family", "trait", "value"),
    [
        ("clip", "name", "other"),
        ("clip", "revision", "abc"),
        ("clip", "logit_scale", 1.0),
        ("clip", "text_name", "t"),
        ("blip", "name", "other"),
    ],
)
def test_models_of_other_checkpoints_are_refused(tmp_path: Path, family: str, trait: str, value: object) -> None:
    def change(manifest: dict[str, Any]) -> None:
        as_exact(manifest)
        manifest[family][trait] = value

    copy_models(tmp_path / "models-fp32", change)
    with pytest.raises(ExactModelsUnusable, match=rf"made from other checkpoints .*{family} {trait}: {value} and "):
        find(copy_models(tmp_path / "models"))


def test_a_quantized_folder_is_refused_as_exact(tmp_path: Path) -> None:
    models = copy_models(tmp_path / "models")
    with pytest.raises(ExactModelsUnusable, match=r"its precision is planned for avx2, not fp32"):
        find(models, models)


@pytest.mark.torch
def test_an_absent_one_is_made_of_the_checkpoints_that_the_manifest_names(tmp_path: Path, clip_folder: Path) -> None:
    pytest.importorskip("optimum")
    from export.models.export import export_models

    models = tmp_path / "models"
    export_models(str(clip_folder), None, models)
    made = find(models)
    assert made is not None
    assert made == tmp_path / "models-fp32"
    assert read_models_manifest(made).precision == "fp32"
