"""`lookwhy verify` over a real index and models: every damaged file is named, and a sound one is called sound."""

import io
import json
import os
import re
import shutil
import sqlite3
from pathlib import Path

import pytest
from rich.console import Console
from typer.testing import CliRunner

import export.publish.__main__ as publishing
from export.__main__ import app
from export.errors import ArtefactDamaged
from export.verify.run import verify
from runtime.artefacts.damage_check import manifest_is_damaged
from runtime.artefacts.file_record import record_file
from runtime.artefacts.manifest import read_index_manifest, read_models_manifest
from runtime.stores.flat import FlatStore
from tests.sample_library import MODELS, SampleLibrary


@pytest.fixture
def index(sample_library: SampleLibrary, tmp_path: Path) -> Path:
    return Path(shutil.copytree(sample_library.index, tmp_path / "index"))


def said(index: Path, models: Path = MODELS) -> str:
    shown = io.StringIO()
    verify(models, index, console=Console(file=shown, width=200))
    return shown.getvalue()


def faults(index: Path, models: Path = MODELS) -> tuple[str, ...]:
    with pytest.raises(ArtefactDamaged) as caught:
        said(index, models)
    return caught.value.faults


def flip(path: Path, at: int) -> None:
    content = bytearray(path.read_bytes())
    content[at] ^= 1
    path.write_bytes(content)


def record_again(index: Path, name: str) -> None:
    """Let the manifest name a file as it is now, as if two indexes had been mixed up."""
    manifest = json.loads((index / "manifest.json").read_text("utf-8"))
    for part in ("store", "catalog", "metadata", "captions"):
        if manifest[part]["path"].endswith(name):
            manifest[part] = record_file(index, manifest[part]["path"]).model_dump()
    (index / "manifest.json").write_text(json.dumps(manifest), "utf-8")
    for copy in ("manifest.json", "manifest.json.sha256"):
        (index / manifest["generation"] / copy).unlink()


def test_sound_models_and_a_sound_index_are_called_sound(index: Path) -> None:
    assert said(index).count(": sound") == 2


@pytest.mark.parametrize("name", ["image_index.faiss", "caption_index.faiss", "catalog.sqlite", "metadata.json"])
def test_one_flipped_bit_is_named_with_its_file(index: Path, name: str) -> None:
    for at in (7, 3_000, -1):
        flip(index / "g000001" / name, at)
        assert faults(index) == (f"g000001/{name}: its sha256 is not the one in the manifest",)
        flip(index / "g000001" / name, at)


def test_a_flipped_bit_of_the_manifest_is_seen_by_its_copy(index: Path) -> None:
    content = (index / "manifest.json").read_text("utf-8")
    (index / "manifest.json").write_text(re.sub(r'"bias": -?', '"bias": 1', content, count=1), "utf-8")
    [fault] = faults(index)
    assert "its copy in g000001 is" in fault


def test_damaged_models_are_named(index: Path, tmp_path: Path) -> None:
    models = Path(shutil.copytree(MODELS, tmp_path / "models"))
    record = read_models_manifest(models).clip.text.files()[-1]
    flip(models / record.path, 100)
    assert faults(index, models) == (f"{record.path}: its sha256 is not the one in the manifest",)
    (models / record.path).unlink()
    assert len(faults(index, models)) == 1


def test_damaged_models_make_no_index(index: Path, tmp_path: Path) -> None:
    models = Path(shutil.copytree(MODELS, tmp_path / "models"))
    record = read_models_manifest(models).clip.image.files()[-1]
    flip(models / record.path, 100)
    ended = CliRunner().invoke(app, ["index", str(tmp_path), "--models", str(models), "--out", str(index)])
    assert ended.exit_code == 1
    assert f"{record.path}: its sha256" in ended.stderr


def test_files_that_are_each_sound_but_do_not_fit_each_other_are_named(index: Path) -> None:
    path = index / "g000001" / "image_index.faiss"
    store = FlatStore.open(path, read_index_manifest(index).dimension)
    store.remove([3])
    store.save(path)
    record_again(index, path.name)
    assert any("it lacks the vectors of 1 ids (3)" in fault for fault in faults(index))


def test_sqlites_own_check_finds_what_was_damaged_before_it_was_recorded(index: Path) -> None:
    path = index / "g000001" / "catalog.sqlite"
    content = path.read_bytes()
    page = content.index(b"scene-00001.jpg") // 4096 * 4096
    path.write_bytes(content[: page + 100] + b"\xff" * 60 + content[page + 160 :])
    record_again(index, path.name)
    assert any("catalog.sqlite: SQLite" in fault or "catalog.sqlite cannot be used" in fault for fault in faults(index))


def test_a_damaged_file_of_live_captions_is_named_and_may_be_deleted(index: Path) -> None:
    with sqlite3.connect(index / "live_captions.sqlite") as connection:
        connection.execute("CREATE TABLE captions (a)")
    connection.close()
    assert "sound" in said(index)
    (index / "live_captions.sqlite").write_bytes(b"x" * 5000)
    [fault] = faults(index)
    assert fault.startswith("live_captions.sqlite: ")
    assert fault.endswith("may be deleted.")


def test_an_index_of_an_earlier_version_is_sound(index: Path) -> None:
    for name in ("manifest.json", "manifest.json.sha256", "vector_sums.npy"):
        (index / "g000001" / name).unlink()
    assert said(index).count(": sound") == 2


def test_the_command_ends_with_1_where_something_is_damaged_and_0_where_nothing_is(index: Path) -> None:
    arguments = ["verify", "--index", str(index), "--models", str(MODELS)]
    assert CliRunner().invoke(app, arguments).exit_code == 0
    flip(index / "g000001" / "catalog.sqlite", 5_000)
    ended = CliRunner().invoke(app, arguments)
    assert ended.exit_code == 1
    assert "lookwhy index FOLDER makes what is damaged again" in ended.stderr
    assert CliRunner().invoke(app, ["verify", "--index", str(index / "nowhere")]).exit_code == 1


@pytest.mark.parametrize("what", ["index", "models"])
def test_nothing_damaged_is_published(index: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str) -> None:
    models = Path(shutil.copytree(MODELS, tmp_path / "models"))
    tokenizer = read_models_manifest(models).clip.tokenizer.path
    flip(index / "g000001" / "metadata.json" if what == "index" else models / tokenizer, 5)
    monkeypatch.setattr(publishing, "read_outputs", lambda _: pytest.fail("the stack was asked"))
    ended = CliRunner().invoke(publishing.app, ["release", "--index", str(index), "--models", str(models)])
    assert ended.exit_code == 1
    assert "is damaged" in ended.stderr


def test_a_fifo_in_the_place_of_a_check_sum_is_not_waited_for(index: Path) -> None:
    generation = read_index_manifest(index).generation
    for name in ("manifest.json.sha256", "manifest.json"):
        (index / generation / name).unlink()
        os.mkfifo(index / generation / name)
        assert said(index).count(": sound") == 2
        assert not manifest_is_damaged(index, generation)
