"""A damaged index: what is damaged is made again, and nothing else; ids and captions stay."""

import json
import shutil
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from export.index.build import BuildOptions, Models
from export.index.generations.row_sums import SUMS_NAME
from tests.export.index.small_library import (
    DIMENSION,
    GridEncoder,
    build,
    catalog_of,
    draw,
    draw_many,
    ids_by_path,
    manifest_of,
    said_by,
    small_models,
    told_by,
)

COUNT = 16  # too few for a calibration, which takes most of a second
FLAT, LARGE = BuildOptions(), BuildOptions(ivf_from=10)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of pictures with an index of each form, built once."""
    there = tmp_path_factory.mktemp("built")
    draw_many(there / "photos", [f"{number:02}.png" for number in range(COUNT)])
    build(there / "photos", there / "flat", options=FLAT)
    build(there / "photos", there / "large", options=LARGE)
    return there


def never_captioning() -> Models:
    return replace(small_models(), open_captioner=lambda: pytest.fail("a captioner was opened"))


def copy_of(built: Path, form: str, tmp_path: Path) -> Path:
    return Path(shutil.copytree(built / form, tmp_path / "index"))


def flip(path: Path, at: int, bit: int = 6) -> None:
    content = bytearray(path.read_bytes())
    content[at] ^= 1 << bit
    path.write_bytes(content)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def empty(path: Path) -> None:
    path.write_bytes(b"")


@pytest.mark.parametrize("damage", [cut, empty, Path.unlink, lambda path: flip(path, path.stat().st_size // 2)])
@pytest.mark.parametrize(
    ("form", "file"),
    [
        ("flat", "image_index.faiss"),
        ("flat", "caption_index.faiss"),
        ("flat", "catalog.sqlite"),
        ("flat", "metadata.json"),
        ("large", "image_index.faiss"),
        ("large", "image_vectors.f16"),
        ("large", "caption_vectors.f16"),
    ],
)
def test_any_damaged_file_is_made_again_and_nothing_is_lost(
    built: Path, tmp_path: Path, form: str, file: str, damage: Callable[[Path], None]
) -> None:
    out = copy_of(built, form, tmp_path)
    before = told_by(out)
    damage(out / "g000001" / file)
    options = LARGE if form == "large" else FLAT
    said = said_by(built / "photos", out, never_captioning(), options)
    assert f"g000001/{file} is damaged" in said
    after = told_by(out)
    assert (after[0], after[2]) == (before[0], before[2])
    assert manifest_of(out).generation == "g000002"
    assert not build(built / "photos", out, options=options).written
    if file != "catalog.sqlite":  # its pictures' vectors may be embedded again, from the same files
        assert after[1] == before[1]


@pytest.mark.parametrize(("form", "file"), [("flat", "image_index.faiss"), ("large", "image_vectors.f16")])
def test_one_damaged_vector_is_embedded_again_alone(built: Path, tmp_path: Path, form: str, file: str) -> None:
    out = copy_of(built, form, tmp_path)
    before = told_by(out)
    path = out / "g000001" / file
    item_bytes = 4 if form == "flat" else 2
    ids_bytes, row_bytes = 8 * COUNT, DIMENSION * item_bytes
    head = path.stat().st_size - ids_bytes - COUNT * row_bytes - (8 if form == "flat" else 0)
    flip(path, head + 5 * row_bytes + item_bytes - 1, 7)  # a sign: the vector's length stays the same
    models = never_captioning()
    said = said_by(built / "photos", out, models, LARGE if form == "large" else FLAT)
    assert "1 of its 16 vectors are made again" in said
    assert isinstance(models.encoder, GridEncoder)
    assert models.encoder.seen == 1
    assert told_by(out)[:2] == before[:2]


@pytest.mark.parametrize("file", ["image_vectors.f16", "caption_vectors.f16"])
def test_ids_that_no_longer_ascend_cost_no_vector(built: Path, tmp_path: Path, file: str) -> None:
    out = copy_of(built, "large", tmp_path)
    before, path = told_by(out), out / "g000001" / file
    flip(path, path.stat().st_size - 8 * COUNT // 2 + 7)  # the highest byte of the id in the middle
    models = never_captioning()
    build(built / "photos", out, models, LARGE)
    assert told_by(out) == before
    assert isinstance(models.encoder, GridEncoder)
    assert models.encoder.seen == 0
    assert not any(text.startswith("a picture") for text in models.encoder.read)  # single words are embedded in any case


def test_vectors_that_no_sum_vouches_for_are_all_embedded_again(built: Path, tmp_path: Path) -> None:
    out = copy_of(built, "flat", tmp_path)
    (out / "g000001" / SUMS_NAME).write_bytes(b"\x93NUMPY" + b"\xff" * 50)
    flip(out / "g000001" / "image_index.faiss", 500)
    models = never_captioning()
    build(built / "photos", out, models)
    assert isinstance(models.encoder, GridEncoder)
    assert models.encoder.seen == COUNT


def test_a_damaged_page_of_the_catalogue_costs_no_caption_and_no_id(built: Path, tmp_path: Path) -> None:
    out = copy_of(built, "flat", tmp_path)
    before = told_by(out)
    path = out / "g000001" / "catalog.sqlite"
    content = path.read_bytes()
    page = content.index(catalog_of(out).rows[0].sha256.encode()) // 4096 * 4096
    for at in {0, page}:  # the first page is the file's head
        path.write_bytes(content[:at] + bytes(4096) + content[at + 4096 :])
        shutil.rmtree(tmp_path / "again", ignore_errors=True)
        again = shutil.copytree(out, tmp_path / "again")
        build(built / "photos", again, never_captioning())
        assert told_by(again)[0] == before[0]


def test_with_the_readable_copy_gone_too_an_earlier_generation_knows_the_rest(built: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(built / "photos", tmp_path / "photos"))
    out = tmp_path / "index"
    build(folder, out)
    draw(folder / "new.png", 900)
    build(folder, out)
    ids, rows = ids_by_path(out), catalog_of(out).rows
    for name in ("catalog.sqlite", "metadata.json"):
        empty(out / "g000002" / name)
    build(folder, out)
    old = {path: one for path, one in ids.items() if path != "new.png"}
    assert {path: ids_by_path(out)[path] for path in old} == old
    assert ids_by_path(out)["new.png"] > max(ids.values())
    assert {row.caption for row in catalog_of(out).rows} == {row.caption for row in rows}


@pytest.mark.parametrize("change", ["width = 4", "sha256 = replace(sha256, substr(sha256, 1, 8), '00000000')"])
def test_a_flipped_value_of_a_row_costs_one_run_of_a_model(built: Path, tmp_path: Path, change: str) -> None:
    out = copy_of(built, "flat", tmp_path)
    before = told_by(out)
    with sqlite3.connect(out / "g000001" / "catalog.sqlite") as connection:
        connection.execute(f"UPDATE images SET {change} WHERE id = 3")
    connection.close()
    models = small_models()
    build(built / "photos", out, models)
    assert told_by(out)[0] == before[0]
    assert isinstance(models.encoder, GridEncoder)
    assert models.encoder.seen == 1


@pytest.mark.parametrize("fault", ["flipped", "no json", "gone", "another name"])
def test_a_damaged_manifest_is_mended_from_its_copy(built: Path, tmp_path: Path, fault: str) -> None:
    out = copy_of(built, "flat", tmp_path)
    before, manifest, path = told_by(out), manifest_of(out), out / "manifest.json"
    content = path.read_text("utf-8")
    if fault == "flipped":
        path.write_text(content.replace(manifest.models["clip/image.onnx"], "7" * 64))
    elif fault == "no json":
        path.write_text("[" * 50_000)
    elif fault == "gone":
        path.unlink()
    else:
        path.write_text(content.replace("g000001", "g000003"))
    models = never_captioning()
    said_by(built / "photos", out, models)
    assert told_by(out) == before
    assert isinstance(models.encoder, GridEncoder)
    assert models.encoder.seen == 0


def test_an_index_without_anything_that_can_be_read_is_built_from_the_start_with_a_warning(
    built: Path, tmp_path: Path
) -> None:
    out = copy_of(built, "flat", tmp_path)
    for path in [out / "manifest.json", *(out / "g000001").iterdir()]:
        empty(path)
    assert "built from the start" in said_by(built / "photos", out)
    assert len(told_by(out)[0]) == COUNT


def test_an_index_of_an_earlier_version_gets_its_copy_and_loses_nothing(built: Path, tmp_path: Path) -> None:
    out = copy_of(built, "flat", tmp_path)
    before = told_by(out)
    for name in ("manifest.json", "manifest.json.sha256", SUMS_NAME):
        (out / "g000001" / name).unlink()
    with sqlite3.connect(out / "g000001" / "catalog.sqlite") as connection:
        connection.execute("DROP TABLE former_captions")
    connection.close()
    manifest = json.loads((out / "manifest.json").read_text("utf-8"))
    build(built / "photos", out, never_captioning())
    assert told_by(out) == before
    assert json.loads((out / "g000001" / "manifest.json").read_text("utf-8")) == manifest


def test_stores_of_another_index_do_not_end_the_build(built: Path, tmp_path: Path) -> None:
    out, other = copy_of(built, "flat", tmp_path), tmp_path / "other"
    draw_many(tmp_path / "few", ["a.png"])
    build(tmp_path / "few", other)
    before = told_by(out)
    shutil.copy(other / "g000001" / "image_index.faiss", out / "g000001" / "image_index.faiss")
    build(built / "photos", out, never_captioning())
    assert told_by(out) == before
