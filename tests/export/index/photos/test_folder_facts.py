"""Facts in a build: read once, taken over, and read again when what they were read from has changed."""

import json
import os
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from export.index import build as builds
from export.index.build import BuildOptions
from export.index.folder.scan import FoundImage
from export.index.generations.history import put_in_force
from export.index.photos import folder_facts
from export.index.photos.beside import Beside
from export.index.photos.places import Places, PlacesFile, Town
from export.index.photos.reading import read_facts
from runtime.artefacts.file_record import record_file
from runtime.library.catalog import Library
from runtime.library.photos.photo_facts import PhotoFacts
from runtime.library.photos.where import Where
from tests.export.index.photos.photo_files import BERLIN, MTIME, exif, insert, put, segment, takeout, xmp
from tests.export.index.small_library import GridEncoder, build, catalog_of, manifest_of, said_by, small_models

OLD = 1_600_000_000


def facts_of(out: Path) -> Mapping[str, PhotoFacts]:
    catalog = catalog_of(out)
    return {row.image_path: catalog.facts_of(row) for row in catalog.rows}


def with_exif(picture: Path, block: bytes) -> None:
    insert(picture, segment(0xE1, b"Exif\0\0" + block.removeprefix(b"Exif\0\0")))


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The paths of the pictures whose facts were read."""
    paths: list[str] = []

    def noting(folder: Path, image: FoundImage, beside: Beside, places: PlacesFile | None) -> PhotoFacts:
        paths.append(image.image_path)
        return read_facts(folder, image, beside, places)

    monkeypatch.setattr(folder_facts, "read_facts", noting)
    return paths


@pytest.fixture
def table(tmp_path: Path) -> PlacesFile:
    Places([Town("Berlin", "DE", 52.52, 13.4, 3_400_000, ("Berlino",)), Town("Potsdam", "DE", 52.4, 13.06, 170_000)]).write(
        tmp_path / "p.npz"
    )
    return PlacesFile(tmp_path / "p.npz")


def test_a_build_keeps_the_facts_and_a_second_one_reads_no_picture(folder: Path, out: Path, opened: list[str]) -> None:
    with_exif(folder / "a.jpg", exif(original="2019:07:04 15:30:00", gps=BERLIN, maker="Canon", model="R5"))
    assert build(folder, out).written
    assert sorted(opened) == ["a.jpg", "b.png", "sub/d.bmp", "sub/deeper/c.webp"]
    told = facts_of(out)
    assert told["a.jpg"].taken == "2019-07-04T15:30:00"
    assert told["b.png"] == PhotoFacts(taken=MTIME, taken_source="mtime", offset_minutes=0)
    opened.clear()
    assert not build(folder, out).written
    assert opened == []
    assert facts_of(out) == told


def test_the_readable_copy_has_the_facts_but_no_position(folder: Path, out: Path) -> None:
    with_exif(folder / "a.jpg", exif(original="2019:07:04 15:30:00", gps=BERLIN, maker="Canon", model="R5", rating=4))
    build(folder, out)
    [listed] = [
        one for one in json.loads((out / manifest_of(out).metadata.path).read_bytes()) if one["image_path"] == "a.jpg"
    ]
    del listed["id"], listed["image_path"], listed["caption"]
    assert listed == {"taken": "2019-07-04T15:30:00", "taken_source": "exif", "camera": "Canon R5", "rating": 4}
    assert facts_of(out)["a.jpg"].latitude == 52.52


def test_a_changed_sidecar_is_noticed_though_the_picture_did_not_change(folder: Path, out: Path, opened: list[str]) -> None:
    build(folder, out)
    models = small_models()
    for stars, mtime in (("4", OLD), ("5", OLD + 1), (None, 0)):
        opened.clear()
        side = put(folder / "a.jpg.xmp", xmp(xmp_Rating=stars)) if stars else folder / "a.jpg.xmp"
        if stars:
            os.utime(side, (mtime, mtime))
        else:
            side.unlink()
        summary = build(folder, out, models)
        assert summary.written
        assert (summary.unchanged, summary.encoded, opened) == (4, 0, ["a.jpg"])
        assert facts_of(out)["a.jpg"].rating == (int(stars) if stars else None)
    assert isinstance(models.encoder, GridEncoder)
    assert models.encoder.seen == 0


def test_the_json_of_takeout_is_noticed_when_it_comes_later_and_counts_no_more_as_a_file(folder: Path, out: Path) -> None:
    (folder / "notes.txt").write_text("no picture")
    assert build(folder, out).other_files == 1
    put(folder / "b.png.supplemental-metadata.json", takeout())
    assert build(folder, out).other_files == 1
    assert facts_of(out)["b.png"].taken == "2019-07-04T13:30:00"


def test_an_index_of_an_earlier_version_gets_its_facts_without_a_model(folder: Path, out: Path) -> None:
    build(folder, out)
    manifest = manifest_of(out)
    with closing(sqlite3.connect(out / manifest.catalog.path)) as connection:
        connection.executescript("DROP TABLE photo_facts; DROP TABLE photo_facts_read;")
    older = manifest.model_copy(update={"catalog": record_file(out, manifest.catalog.path)})
    put_in_force(out, older.model_dump_json().encode())
    assert set(facts_of(out).values()) == {PhotoFacts()}
    summary = build(folder, out)
    assert (summary.written, summary.encoded, summary.unchanged) == (True, 0, 4)
    assert facts_of(out)["a.jpg"].taken == MTIME


def test_other_rules_of_reading_have_all_facts_read_again(
    folder: Path, out: Path, opened: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    build(folder, out)
    opened.clear()
    monkeypatch.setattr(folder_facts, "READER", "next")
    assert not build(folder, out).written, "they say the same"
    assert len(opened) == 4


def test_a_table_that_comes_later_names_the_places_and_they_stay_when_it_goes(
    folder: Path, out: Path, table: PlacesFile, opened: list[str]
) -> None:
    with_exif(folder / "a.jpg", exif(gps=BERLIN))
    said = said_by(folder, out)
    assert "1 photo knows where it was taken, but there is no table of towns" in said
    assert "pip install 'lookwhy[places]' && lookwhy places" in said
    opened.clear()
    summary = build(folder, out, options=BuildOptions(places=table))
    assert (summary.written, summary.unnamed_positions, opened) == (True, 0, ["a.jpg"])
    assert (facts_of(out)["a.jpg"].place, facts_of(out)["a.jpg"].country) == ("Berlin", "DE")
    opened.clear()
    assert not build(folder, out).written
    assert not build(folder, out, options=BuildOptions(places=table)).written
    assert opened == []
    (folder / "b.png").unlink()
    assert build(folder, out).written
    library = Library(out / manifest_of(out).catalog.path, folder)
    for place in ("Berlin", "berlino", "Berlino, DE"):
        found = library.rows(library.filters.ids(Where(place=place)).tolist())
        assert [row.image_path for row in found] == ["a.jpg"], place


def test_pictures_that_cannot_be_looked_at_keep_their_facts(folder: Path, out: Path) -> None:
    put(folder / "sub" / "d.xmp", xmp(xmp_Rating="3"))
    build(folder, out)
    away = (folder / "sub").rename(folder.parent / "away")
    (folder / "sub").mkdir()
    build(folder, out)
    assert facts_of(out)["sub/d.bmp"].rating == 3
    (folder / "sub").rmdir()
    away.rename(folder / "sub")
    build(folder, out)
    assert facts_of(out)["sub/d.bmp"].rating == 3


def test_a_renamed_picture_is_read_under_its_new_name(folder: Path, out: Path) -> None:
    build(folder, out)
    (folder / "b.png").rename(folder / "IMG_20190704_153000.png")
    summary = build(folder, out)
    assert (summary.renamed, summary.encoded) == (1, 0)
    assert facts_of(out)["IMG_20190704_153000.png"].taken == "2019-07-04T15:30:00"


def test_copying_a_file_anew_makes_it_no_newer_and_an_older_time_counts(folder: Path, out: Path) -> None:
    build(folder, out)
    for seconds, taken in ((OLD + 86_400, MTIME), (OLD - 86_400, "2020-09-12T12:26:40")):
        os.utime(folder / "a.jpg", (seconds, seconds))
        build(folder, out)
        assert facts_of(out)["a.jpg"].taken == taken


def test_a_killed_build_ends_with_the_facts_of_an_uninterrupted_one(
    folder: Path, out: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(folder / "a.xmp", xmp(xmp_Rating="3"))
    with monkeypatch.context() as patched:
        patched.setattr(builds._Build, "_caption", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            build(folder, out)
    build(folder, out)
    build(folder, tmp_path / "other")
    assert catalog_of(out).facts == catalog_of(tmp_path / "other").facts


def test_a_file_that_cannot_be_opened_keeps_what_was_known_and_is_tried_again(
    folder: Path, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(folder / "a.xmp", xmp(xmp_Rating="3"))
    build(folder, out)
    put(folder / "a.xmp", xmp(xmp_Rating="2") + b" ")

    def refused(*_: object) -> PhotoFacts:
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as patched:
        patched.setattr(folder_facts, "read_facts", refused)
        build(folder, out)
    assert facts_of(out)["a.jpg"].rating == 3
    build(folder, out)
    assert facts_of(out)["a.jpg"].rating == 2


def test_a_sidecar_that_was_just_written_is_read_again_as_it_may_have_changed_within_a_tick(
    folder: Path, out: Path, opened: list[str]
) -> None:
    side = folder / "a.xmp"
    side.write_bytes(xmp(xmp_Rating="3"))
    facts = side.stat()
    build(folder, out)
    side.write_bytes(xmp(xmp_Rating="4"))
    os.utime(side, ns=(facts.st_atime_ns, facts.st_mtime_ns))
    opened.clear()
    assert build(folder, out).written
    assert (facts_of(out)["a.jpg"].rating, opened) == (4, ["a.jpg"])


def test_a_folder_named_like_our_own_words_is_no_reason_to_read_again(folder: Path, out: Path, opened: list[str]) -> None:
    (folder / "my - places\n1 -").mkdir()
    (folder / "a.jpg").rename(folder / "my - places\n1 -" / "a.jpg")
    put(folder / "my - places\n1 -" / "a.xmp", xmp(xmp_Rating="3"))
    build(folder, out)
    opened.clear()
    assert not build(folder, out).written
    assert opened == []


def test_damaged_rows_of_facts_are_read_again(folder: Path, out: Path) -> None:
    build(folder, out)
    catalog = out / manifest_of(out).catalog.path
    with closing(sqlite3.connect(catalog)) as connection:
        connection.execute("UPDATE photo_facts SET taken = 7 WHERE id = 1")
        connection.commit()
    read = catalog_of(out)
    assert sorted(read.facts) == [2, 3, 4]
    assert replace(read, facts={}).facts_of(read.rows[0]) == PhotoFacts()
