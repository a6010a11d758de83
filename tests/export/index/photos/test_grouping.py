"""Copies and bursts of a whole index, built from real files: what a build groups, and what a later one makes again."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from PIL import Image, ImageDraw

from export.index.catalog import read_catalog
from export.index.generations.publisher import BuildOptions
from export.index.photos import missing_signatures
from export.index.photos.grouping import PictureGroups
from export.index.photos.signatures import FILE_NAME, Signatures
from runtime.images.previews import PREVIEW_EDGE
from runtime.library.catalog import Library
from runtime.library.copies import Kind
from runtime.library.previews.preview_files import preview_path
from runtime.stores.opening import open_stores
from tests.export.index.small_library import (
    GridEncoder,
    build,
    catalog_of,
    ids_by_path,
    manifest_of,
    said_by,
    small_models,
    times_below,
)
from tests.runtime.images.test_phash import noise


def groups_of(out: Path, kind: Kind = "copies") -> list[list[str]]:
    return groups_in(out / manifest_of(out).catalog.path, kind)


def groups_in(catalog: Path, kind: Kind) -> list[list[str]]:
    library = Library(catalog, catalog.parent)
    return [[picture.image_path for picture in group] for group in library.copies.groups(kind)]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three pictures, and of the first a smaller JPEG and two copies of the file, the older of which is "z.png"."""
    folder = tmp_path / "photos"
    folder.mkdir()
    for seed, name in enumerate(("z.png", "other.png", "third.png")):
        noise(seed).save(folder / name)
    noise(0).resize((128, 96)).save(folder / "b.jpg", quality=60)
    (folder / "a.png").write_bytes((folder / "z.png").read_bytes())
    os.utime(folder / "z.png", (1_500_000_000, 1_500_000_000))
    return folder


def test_a_file_twice_and_made_smaller_is_one_group_and_the_largest_and_oldest_is_shown(folder: Path, out: Path) -> None:
    build(folder, out)
    assert groups_of(out) == [["z.png", "a.png", "b.jpg"]]


def test_pages_with_one_layout_and_other_words_are_no_copies(tmp_path: Path, out: Path) -> None:
    (tmp_path / "pages").mkdir()
    for at, word in enumerate(("harbour lights", "winter garden", "seven letters", "an old railway")):
        page = Image.new("RGB", (310, 440), "white")
        for top in range(30, 410, 20):
            ImageDraw.Draw(page).text((30, top), f"{word} {top * (at + 7)} {word[::-1]}", fill="black", font_size=13)
        page.save(tmp_path / "pages" / f"{at}.png")
    build(tmp_path / "pages", out)
    assert groups_of(out) == []


def test_a_large_library_finds_copies_among_the_nearest_of_its_clusters(folder: Path, out: Path) -> None:
    for seed in range(20, 60):
        noise(seed, (64, 48)).save(folder / f"{seed}.png")
    build(folder, out, options=BuildOptions(ivf_from=10))
    assert groups_of(out) == [["z.png", "a.png", "b.jpg"]]


def test_a_second_run_finds_no_groups_again(folder: Path, out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    build(folder, out)
    before = times_below(out)
    monkeypatch.delattr(PictureGroups, "write")
    assert "Nothing has changed" in said_by(folder, out)
    assert times_below(out) == before


def test_an_index_without_signatures_gets_them_without_embedding(folder: Path, out: Path) -> None:
    build(folder, out)
    (out / FILE_NAME).unlink()
    noise(9).save(folder / "new.png")
    models = small_models()
    build(folder, out, models)
    assert isinstance(models.encoder, GridEncoder)
    assert models.encoder.seen == 1
    assert groups_of(out) == [["z.png", "a.png", "b.jpg"]]


def test_an_index_from_before_there_were_groups_gets_them_at_its_next_build(folder: Path, out: Path) -> None:
    build(folder, out)
    with closing(sqlite3.connect(out / manifest_of(out).catalog.path)) as catalog:
        catalog.executescript("DROP TABLE copies; DROP TABLE bursts; DELETE FROM counters WHERE name = 'compared'")
    (out / FILE_NAME).unlink()
    models = small_models()
    build(folder, out, models)
    assert isinstance(models.encoder, GridEncoder)
    assert groups_of(out) == [["z.png", "a.png", "b.jpg"]]


def test_a_preview_is_read_in_place_of_its_picture(folder: Path, out: Path) -> None:
    build(folder, out)
    (out / FILE_NAME).unlink()
    [sha256] = {row.sha256 for row in catalog_of(out).rows if row.image_path == "third.png"}
    preview = preview_path(out, sha256, PREVIEW_EDGE)
    preview.parent.mkdir(parents=True, exist_ok=True)
    noise(1).save(preview)  # as "other.png" looks
    noise(9).save(folder / "new.png")
    build(folder, out)
    assert groups_of(out) == [["other.png", "third.png"], ["z.png", "a.png", "b.jpg"]]


def test_what_one_run_has_no_time_for_the_next_one_compares(
    folder: Path, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build(folder, out)
    (out / FILE_NAME).unlink()
    with monkeypatch.context() as patched:
        patched.setattr(missing_signatures, "SPENT_MAX_S", 0.0)
        assert "4 pictures are not compared for copies yet" in said_by(folder, out)
    assert groups_of(out) == [["z.png", "a.png"]], "the same file needs no signature"
    assert "not compared" not in said_by(folder, out)
    assert groups_of(out) == [["z.png", "a.png", "b.jpg"]]


@pytest.mark.parametrize("content", [b"", b"no SQLite", b"SQLite format 3\0" + bytes(90)])
def test_a_damaged_file_of_signatures_is_made_again(folder: Path, out: Path, content: bytes) -> None:
    build(folder, out)
    (out / FILE_NAME).write_bytes(content)
    build(folder, out)
    assert groups_of(out) == [["z.png", "a.png", "b.jpg"]]
    assert all(row.sha256 in Signatures(out) for row in catalog_of(out).rows)


def test_signatures_of_pictures_that_left_go_once_they_are_most(folder: Path, out: Path) -> None:
    build(folder, out)
    gone = {row.sha256 for row in catalog_of(out).rows if row.image_path != "third.png"}
    for name in ("z.png", "a.png", "b.jpg", "other.png"):
        (folder / name).unlink()
    build(folder, out)
    signatures = Signatures(out)
    assert not [sha256 for sha256 in gone if sha256 in signatures]


def write_facts(catalog: Path, taken: dict[int, str]) -> None:
    with closing(sqlite3.connect(catalog)) as connection, connection:
        connection.executescript("DROP TABLE copies; DROP TABLE bursts; DELETE FROM photo_facts;")
        rows = [(image_id, text, "exif") for image_id, text in taken.items()]
        connection.executemany("INSERT INTO photo_facts (id, taken, taken_source) VALUES (?, ?, ?)", rows)


def test_times_come_from_the_facts_of_photos(folder: Path, out: Path) -> None:
    build(folder, out)
    store, _ = open_stores(out, manifest_of(out))
    ids, catalog = ids_by_path(out), out / manifest_of(out).catalog.path
    at = {"z.png": "22", "b.jpg": "23", "other.png": "24", "third.png": "59"}
    write_facts(catalog, {ids[name]: f"2019-06-02T14:03:{second}" for name, second in at.items()})
    PictureGroups(Signatures(out)).write(catalog, read_catalog(catalog).rows, store)
    assert groups_in(catalog, "copies") == [["z.png", "a.png"]], "the smaller one was taken a second later"
    assert groups_in(catalog, "bursts") == [["z.png", "b.jpg"]], "alike by their hashes; the others are not"
