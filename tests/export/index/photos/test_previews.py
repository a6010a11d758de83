"""Previews that a build makes: of every content once, anew where they are lacking; gone when no generation needs them."""

import io
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from export.errors import OutputUnwritable
from export.index.build import BuildOptions
from export.index.photos.previews import PreviewFolder
from runtime.library.previews.preview_files import preview_path
from tests.export.index.small_library import build, catalog_of, draw, ids_by_path, manifest_of, small_models

NONE = BuildOptions(previews=False)


def previews_in(out: Path) -> dict[str, int]:
    """Return when each was written, by name."""
    return {path.name: path.stat().st_mtime_ns for path in (out / "previews").glob("*/*")}


def wanted_by(out: Path) -> set[str]:
    return {f"{row.sha256}.{edge}.jpg" for row in catalog_of(out).rows for edge in (320, 512, 1600)}


def test_every_content_has_all_and_a_second_run_writes_none(folder: Path, out: Path) -> None:
    build(folder, out)
    made = previews_in(out)
    assert set(made) == wanted_by(out)
    assert manifest_of(out).decode == "scaled"
    assert not build(folder, out).written
    assert previews_in(out) == made


def test_what_is_lacking_or_empty_is_made_again_without_a_new_generation_and_without_models(folder: Path, out: Path) -> None:
    build(folder, out)
    made = previews_in(out)
    lost, emptied, *others = sorted(made)[::2]
    next(out.rglob(lost)).unlink()
    next(out.rglob(emptied)).write_bytes(b"")
    summary = build(folder, out)
    again = previews_in(out)
    assert (summary.written, summary.encoded, set(again)) == (False, 0, set(made))
    assert next(out.rglob(emptied)).stat().st_size
    assert {name: again[name] for name in others} == {name: made[name] for name in others}


def test_an_index_without_previews_gets_them_when_it_is_built_again(folder: Path, out: Path) -> None:
    build(folder, out, options=NONE)
    assert not (out / "previews").exists()
    assert (build(folder, out, options=NONE).written, previews_in(out)) == (False, {})
    assert (build(folder, out).encoded, set(previews_in(out))) == (0, wanted_by(out))


def test_an_index_from_before_the_smallest_previews_gets_them_of_its_larger_ones(folder: Path, out: Path) -> None:
    build(folder, out)
    made = previews_in(out)
    first, damaged, *_ = [row.sha256 for row in catalog_of(out).rows]
    for smallest in out.rglob("*.320.jpg"):
        smallest.unlink()
    Image.new("RGB", (512, 300), "red").save(preview_path(out, first, 512))
    preview_path(out, damaged, 512).write_bytes(b"\xff\xd8no picture\xff\xd9")
    assert not build(folder, out).written
    assert set(previews_in(out)) == set(made)
    with Image.open(preview_path(out, first, 320)) as smallest_of_red, Image.open(preview_path(out, damaged, 320)) as again:
        assert np.asarray(smallest_of_red)[9, 9, 0] > 250
        assert again.size[0] > 0


def test_previews_go_with_the_last_generation_that_has_their_picture(folder: Path, out: Path) -> None:
    build(folder, out)
    [gone] = [row.sha256 for row in catalog_of(out).rows if row.id == ids_by_path(out)["b.png"]]
    (folder / "b.png").unlink()
    build(folder, out)
    assert preview_path(out, gone, 512).exists()  # rollback may need it
    (out / "previews" / gone[:2] / f"{gone}.512.jpg.1234.part").write_bytes(b"of a killed build")
    [kept, *_] = [row.sha256 for row in catalog_of(out).rows]
    stale, fresh = (out / "previews" / kept[:2] / f"{kept}.512.jpg.{number}.part" for number in (1, 2))
    fresh.write_bytes(b"being written")
    stale.write_bytes(b"of a killed build")
    os.utime(stale, (1_600_000_000, 1_600_000_000))
    (out / "previews" / "mine.txt").write_text("not yours")
    draw(folder / "new.png", 70)
    build(folder, out)
    assert set(previews_in(out)) == wanted_by(out) | {fresh.name}
    assert (out / "previews" / "mine.txt").read_text() == "not yours"


def test_an_older_catalogue_that_cannot_be_read_keeps_all_previews(folder: Path, out: Path) -> None:
    build(folder, out)
    before = previews_in(out)
    (out / "g000001" / "catalog.sqlite").write_bytes(b"damaged" * 999)
    PreviewFolder(out).remove_unused(set())
    assert previews_in(out) == before


def test_a_large_picture_is_captioned_from_its_preview(folder: Path, out: Path) -> None:
    wide = folder / "wide.png"
    Image.new("RGB", (1700, 1000), (200, 100, 0)).save(wide)
    build(folder, out, options=BuildOptions(captions_later=True))
    [row] = [row for row in catalog_of(out).rows if row.image_path == "wide.png"]
    assert (row.width, row.height) == (1700, 1000)
    Image.new("RGB", (1600, 941), "black").save(preview_path(out, row.sha256, 1600))
    build(folder, out)
    captions = {row.image_path: row.caption for row in catalog_of(out).rows}
    assert captions["wide.png"] == "a picture of brightness 0.000"
    exact = replace(small_models(), decode="exact")
    build(folder, out.with_name("exact"), exact)
    assert {row.image_path: row.caption for row in catalog_of(out.with_name("exact")).rows} == captions | {
        "wide.png": "a picture of brightness 100.000"
    }
    assert manifest_of(out.with_name("exact")).decode == "exact"


def test_a_preview_that_cannot_be_written_is_named_as_any_other_write(folder: Path, out: Path) -> None:
    out.mkdir(parents=True)
    (out / "previews").write_text("a file in its place")
    with pytest.raises(OutputUnwritable, match="cannot be written"):
        build(folder, out)


def test_a_preview_is_upright_and_of_the_pixels_that_were_embedded(folder: Path, out: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (60, 40), "blue").save(folder / "turned.jpg", exif=exif)
    build(folder, out)
    [row] = [row for row in catalog_of(out).rows if row.image_path == "turned.jpg"]
    with Image.open(io.BytesIO(preview_path(out, row.sha256, 512).read_bytes())) as preview:
        assert preview.size == (row.width, row.height) == (40, 60)
        assert np.asarray(preview)[30, 20, 2] > 250
