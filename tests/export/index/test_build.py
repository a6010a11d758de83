"""The index step over real files with played models: what a build gives, and what a later one touches."""

import json
import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from export.errors import FolderUnusable
from runtime.library.catalog import Library
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
    times_below,
    told_by,
)

# What a first build gives


def test_a_new_index_has_every_picture_by_path_with_its_caption_and_size(folder: Path, out: Path) -> None:
    summary = build(folder, out)
    assert (summary.count, summary.added, summary.encoded, summary.written) == (4, 4, 4, True)
    assert ids_by_path(out) == {"a.jpg": 1, "b.png": 2, "sub/d.bmp": 3, "sub/deeper/c.webp": 4}
    library = Library.open(out, manifest_of(out))
    row = library.row_by_path("sub/d.bmp")
    assert (row.width, row.height, row.caption is not None) == (16, 12, True)
    assert library.image_file("sub/d.bmp") == folder / "sub" / "d.bmp"


def test_the_readable_copy_lists_id_path_and_caption(folder: Path, out: Path) -> None:
    build(folder, out)
    listed = json.loads((out / manifest_of(out).metadata.path).read_text("utf-8"))
    told = [(one["id"], one["image_path"], one["caption"], one["taken"]) for one in listed]
    assert told == [(row.id, row.image_path, row.caption, "2020-09-13T12:26:40") for row in catalog_of(out).rows]


# What a later build touches


def test_a_second_run_touches_nothing_and_says_so(folder: Path, out: Path) -> None:
    build(folder, out)
    before = times_below(out)
    models = small_models()
    assert "Nothing has changed" in said_by(folder, out, models)
    assert times_below(out) == before
    assert isinstance(models.encoder, GridEncoder)
    assert models.encoder.seen == 0


def test_an_unchanged_file_is_not_even_read(folder: Path, out: Path) -> None:
    build(folder, out)
    changed = bytearray((folder / "b.png").read_bytes())
    changed[-1] ^= 1  # same length, and the old time back: as git, we take it for the same file
    (folder / "b.png").write_bytes(changed)
    os.utime(folder / "b.png", (1_600_000_000, 1_600_000_000))
    assert build(folder, out).unchanged == 4


def test_a_file_as_young_as_the_scan_is_read_again_whatever_its_time(folder: Path, out: Path) -> None:
    picture = draw(folder / "young.bmp", 50)
    facts = picture.stat()
    build(folder, out)
    draw(picture, 51)
    os.utime(picture, ns=(facts.st_atime_ns, facts.st_mtime_ns))
    assert picture.stat().st_size == facts.st_size
    assert build(folder, out).changed == 1


def test_a_touched_file_with_the_same_content_changes_nothing(folder: Path, out: Path) -> None:
    build(folder, out)
    before = times_below(out)
    (folder / "a.jpg").touch()
    assert not build(folder, out).written
    assert times_below(out) == before


def test_deleting_one_and_adding_one_touches_two(folder: Path, out: Path) -> None:
    build(folder, out)
    (folder / "b.png").unlink()
    draw(folder / "new.png", 20)
    summary = build(folder, out)
    assert (summary.removed, summary.added, summary.unchanged, summary.encoded) == (1, 1, 3, 1)
    assert ids_by_path(out) == {"a.jpg": 1, "sub/d.bmp": 3, "sub/deeper/c.webp": 4, "new.png": 5}


def test_the_id_of_a_removed_picture_is_never_given_again(folder: Path, out: Path) -> None:
    build(folder, out)
    last = max(ids_by_path(out), key=lambda path: ids_by_path(out)[path])
    (folder / last).unlink()
    build(folder, out)
    draw(folder / "new.png", 20)
    build(folder, out)
    assert ids_by_path(out)["new.png"] == 5


def test_a_renamed_picture_keeps_its_id_and_costs_no_model_run(folder: Path, out: Path) -> None:
    build(folder, out)
    before = ids_by_path(out)["b.png"]
    (folder / "b.png").rename(folder / "sub" / "renamed.png")
    summary = build(folder, out)
    assert (summary.renamed, summary.unchanged, summary.encoded) == (1, 3, 0)
    assert ids_by_path(out)["sub/renamed.png"] == before


def test_pictures_keep_their_ids_through_a_renumbering_of_the_folder(tmp_path: Path, out: Path) -> None:
    folder = draw_many(tmp_path / "numbered", [f"{number:04d}.png" for number in range(1, 6)])
    build(folder, out)
    (folder / "0001.png").unlink()
    for number in range(2, 6):
        (folder / f"{number:04d}.png").rename(folder / f"{number - 1:04d}.png")
    summary = build(folder, out)
    assert (summary.renamed, summary.removed, summary.changed, summary.encoded) == (4, 1, 0, 0)
    assert ids_by_path(out) == {"0001.png": 2, "0002.png": 3, "0003.png": 4, "0004.png": 5}


def test_a_changed_picture_keeps_its_id_and_gets_a_new_vector(folder: Path, out: Path) -> None:
    build(folder, out)
    (rows, vectors, _), ids = told_by(out), ids_by_path(out)
    draw(folder / "a.jpg", 99)
    summary = build(folder, out)
    assert (summary.changed, summary.unchanged, summary.encoded) == (1, 3, 1)
    assert ids_by_path(out) == ids
    row_bytes = 4 * DIMENSION
    after = told_by(out)
    assert after[0][0] != rows[0]
    assert after[1][:row_bytes] != vectors[:row_bytes]
    assert after[1][row_bytes : len(rows) * row_bytes] == vectors[row_bytes : len(rows) * row_bytes]


def test_the_same_content_twice_is_two_rows_and_one_model_run(folder: Path, out: Path) -> None:
    shutil.copy(folder / "a.jpg", folder / "copy of a.jpg")
    summary = build(folder, out)
    assert (summary.count, summary.encoded) == (5, 4)
    rows = {row.image_path: row for row in catalog_of(out).rows}
    assert rows["a.jpg"].sha256 == rows["copy of a.jpg"].sha256
    assert rows["a.jpg"].id != rows["copy of a.jpg"].id


def test_other_models_encode_everything_again_and_keep_the_ids(folder: Path, out: Path) -> None:
    build(folder, out)
    ids = ids_by_path(out)
    others = replace(small_models(), fingerprint={"clip/image.onnx": "9" * 64})
    summary = build(folder, out, others)
    assert (summary.encoded, summary.unchanged, summary.written) == (4, 4, True)
    assert ids_by_path(out) == ids
    assert manifest_of(out).models == {"clip/image.onnx": "9" * 64}


def test_missing_captions_are_made_by_a_run_that_has_a_captioner(folder: Path, out: Path) -> None:
    build(folder, out, replace(small_models(), open_captioner=None))
    assert {row.caption for row in catalog_of(out).rows} == {None}
    build(folder, out)
    assert None not in {row.caption for row in catalog_of(out).rows}


def test_a_library_that_moved_is_found_again_without_a_model_run(folder: Path, out: Path) -> None:
    build(folder, out)
    ids = ids_by_path(out)
    moved = folder.rename(folder.with_name("moved"))
    summary = build(moved, out)
    assert (summary.written, summary.encoded, ids_by_path(out)) == (True, 0, ids)
    assert manifest_of(out).images_dir == str(moved)


@pytest.mark.parametrize("kind", ["missing", "file", "empty", "no pictures", "only broken", "nested empty"])
def test_a_folder_without_pictures_is_refused_and_the_index_untouched(
    folder: Path, out: Path, tmp_path: Path, kind: str
) -> None:
    build(folder, out)
    before = told_by(out)
    other = tmp_path / "other"
    if kind == "file":
        other.write_text("")
    elif kind != "missing":
        (other / "sub").mkdir(parents=True)
    if kind == "no pictures":
        (other / "notes.txt").write_text("")
    if kind == "only broken":
        (other / "broken.png").write_bytes(b"")
    with pytest.raises(FolderUnusable, match="other"):
        build(other, out)
    assert told_by(out) == before


def test_a_refused_folder_makes_no_index_folder(tmp_path: Path, out: Path) -> None:
    with pytest.raises(FolderUnusable):
        build(tmp_path / "missing", out)
    assert not out.exists()
