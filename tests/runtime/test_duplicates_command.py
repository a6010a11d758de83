"""`duplicates` as it is typed: copies and bursts as two lists, for people, for programs and as JSON."""

import json
import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from typer.testing import CliRunner

from runtime.__main__ import app
from runtime.artefacts.manifest import read_index_manifest
from tests.export.index.small_library import build
from tests.runtime.images.test_phash import noise

WRITTEN_S, WRITTEN = 1_559_484_202, "2019-06-02T14:03:22"  # UTC


@pytest.fixture
def index(tmp_path: Path) -> Path:
    """An index of a picture, two smaller copies, one with a tab in its name, and another picture."""
    folder = tmp_path / "photos"
    folder.mkdir()
    noise(0).save(folder / "boat.png")
    noise(0).resize((128, 96)).save(folder / "small\tboat.jpg", quality=60)
    noise(0).resize((64, 48)).save(folder / "tiny.jpg", quality=60)
    noise(1).save(folder / "other.png")
    for file in folder.iterdir():
        os.utime(file, (WRITTEN_S, WRITTEN_S))
    build(folder, tmp_path / "index")
    return tmp_path / "index"


def bytes_of(index: Path, *names: str) -> list[int]:
    return [(index.parent / "photos" / name).stat().st_size for name in names]


def test_a_program_gets_a_line_a_picture_and_a_person_what_could_go(index: Path) -> None:
    printed = CliRunner().invoke(app, ["duplicates", "--index", str(index)])
    whole, small, tiny = bytes_of(index, "boat.png", "small\tboat.jpg", "tiny.jpg")
    assert printed.exit_code == 0
    assert [line.split("\t") for line in printed.stdout.splitlines()] == [
        ["shown", str(whole), "256x192", WRITTEN, "boat.png"],
        ["copy", str(small), "128x96", WRITTEN, r"small\tboat.jpg"],
        ["copy", str(tiny), "64x48", WRITTEN, "tiny.jpg"],
    ]
    assert f"Copies: 2 beside the 1 shown, {(small + tiny) / 1e6:,.1f} MB that could go." in printed.stderr
    assert "Nothing was deleted." in printed.stderr
    assert {path.name for path in (index.parent / "photos").iterdir()} == {
        "boat.png",
        "small\tboat.jpg",
        "tiny.jpg",
        "other.png",
    }


def test_links_are_no_copies_and_take_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "photos"
    (folder / "originals").mkdir(parents=True)
    noise(0).save(folder / "originals" / "boat.png")
    (folder / "a favourite.png").symlink_to("originals/boat.png")
    (folder / "hard.png").hardlink_to(folder / "originals" / "boat.png")
    noise(0).resize((64, 48)).save(folder / "tiny.jpg", quality=60)
    build(folder, tmp_path / "index")
    printed = CliRunner().invoke(app, ["duplicates", "--index", str(tmp_path / "index")])
    kinds = {path: kind for kind, *_, path in (line.split("\t") for line in printed.stdout.splitlines())}
    whole = {"a favourite.png", "hard.png", "originals/boat.png"}
    assert kinds.pop("tiny.jpg") == "copy"
    assert set(kinds) == whole
    assert sorted(kinds.values()) == ["same", "same", "shown"]
    [tiny] = bytes_of(tmp_path / "index", "tiny.jpg")
    assert f"Copies: 1 beside the 1 shown, {tiny / 1e6:,.1f} MB that could go." in printed.stderr


def test_json_has_both_lists_with_sizes(index: Path) -> None:
    printed = CliRunner().invoke(app, ["duplicates", "--index", str(index), "--json"])
    body = json.loads(printed.stdout)
    [group] = body["copies"]
    assert [picture["image_path"] for picture in group["pictures"]] == ["boat.png", "small\tboat.jpg", "tiny.jpg"]
    assert group["spare_bytes"] == body["copies_spare_bytes"] == sum(bytes_of(index, "small\tboat.jpg", "tiny.jpg"))
    assert (body["copies_spare_pictures"], body["bursts"]) == (2, [])


def test_an_index_from_before_there_were_groups_says_what_to_do(index: Path) -> None:
    catalog = index / read_index_manifest(index).catalog.path
    with closing(sqlite3.connect(catalog)) as connection:
        connection.executescript("DROP TABLE copies; DROP TABLE bursts;")
    printed = CliRunner().invoke(app, ["duplicates", "--index", str(index)])
    assert (printed.exit_code, printed.stdout) == (0, "")
    assert "lookwhy index FOLDER" in printed.stderr


def test_without_an_index_one_line_says_so(tmp_path: Path) -> None:
    printed = CliRunner().invoke(app, ["duplicates", "--index", str(tmp_path)])
    assert (printed.exit_code, printed.stdout) == (1, "")
    assert printed.stderr.startswith("error: ")
