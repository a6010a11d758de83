"""A file that stands for a picture which is elsewhere, or on its way, keeps the picture's row until it is whole again."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from export.index.build import BuildOptions
from tests.export.index.small_library import (
    GridEncoder,
    build,
    catalog_of,
    draw,
    draw_many,
    ids_by_path,
    reasons,
    said_by,
    small_models,
    told_by,
)

LFS = b"version https://git-lfs.github.com/spec/v1\noid sha256:0000\nsize 9000\n"
# What a sync client, a cloud or Git leaves in a picture's place, made of its bytes; and a word of the reason.
PLACEHOLDERS: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "empty": (lambda _: b"", "the file is empty"),
    "zeros": (lambda whole: bytes(len(whole)), "zeros alone"),
    "cut short": (lambda whole: whole[:900], "cut short"),
    "pointer": (lambda _: LFS, "a Git LFS pointer"),
}
NAMES = ["a.jpg", "sub/b.jpg", "sub/c.jpg", "d.png"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = draw_many(tmp_path / "photos", NAMES)
    for seed, name in enumerate(NAMES):
        draw(folder / name, seed, (400, 300))
        os.utime(folder / name, (1_600_000_000, 1_600_000_000))
    return folder


@pytest.mark.parametrize("kind", PLACEHOLDERS)
def test_a_picture_whose_file_is_not_whole_for_a_while_keeps_its_row(folder: Path, out: Path, kind: str) -> None:
    build(folder, out)
    before, facts = told_by(out), catalog_of(out).facts
    leave, reason = PLACEHOLDERS[kind]
    wholes = {name: (folder / name).read_bytes() for name in ("a.jpg", "sub/b.jpg")}
    for name, whole in wholes.items():
        (folder / name).write_bytes(leave(whole))
    for _ in range(2):
        said = said_by(folder, out)
        assert "2 unchanged, 2 kept unseen." in said
        assert reason in said
        assert (told_by(out), catalog_of(out).facts) == (before, facts)
    assert not build(folder, out).written
    for name, whole in wholes.items():
        (folder / name).write_bytes(whole)
        os.utime(folder / name, (1_600_000_000, 1_600_000_000))
    models = small_models()
    summary = build(folder, out, models)
    assert (summary.unchanged, summary.kept, told_by(out)) == (4, (), before)
    assert isinstance(models.encoder, GridEncoder)
    assert models.encoder.seen == 0


@pytest.mark.parametrize("kind", PLACEHOLDERS)
def test_a_picture_that_was_never_whole_is_skipped(folder: Path, out: Path, kind: str) -> None:
    leave, reason = PLACEHOLDERS[kind]
    (folder / "a.jpg").write_bytes(leave((folder / "a.jpg").read_bytes()))
    summary = build(folder, out)
    assert reason in reasons(summary)["a.jpg"]
    assert "a.jpg" not in ids_by_path(out)


def test_an_emptied_picture_is_given_up_when_asked(folder: Path, out: Path) -> None:
    build(folder, out)
    (folder / "sub/b.jpg").write_bytes(b"")
    assert [(kept.name, kept.pictures) for kept in build(folder, out).kept] == [("sub", 1)]
    summary = build(folder, out, options=BuildOptions(forget=("sub",)))
    assert (summary.removed, reasons(summary)) == (1, {"sub/b.jpg": "the file is empty"})


def test_another_picture_in_place_of_an_emptied_one_has_its_id_and_a_caption_of_its_own(folder: Path, out: Path) -> None:
    build(folder, out)
    ids, caption = ids_by_path(out), catalog_of(out).rows[0].caption
    (folder / "a.jpg").write_bytes(b"")
    build(folder, out)
    draw(folder / "a.jpg", 77, (400, 300))
    summary = build(folder, out)
    assert (summary.changed, ids_by_path(out)) == (1, ids)
    assert next(row.caption for row in catalog_of(out).rows if row.image_path == "a.jpg") != caption


def test_a_whole_library_of_emptied_pictures_stays_as_it_was(folder: Path, out: Path) -> None:
    build(folder, out)
    before = told_by(out)
    for name in NAMES:
        (folder / name).write_bytes(b"")
    assert sum(kept.pictures for kept in build(folder, out).kept) == 4
    assert told_by(out) == before


def test_a_file_of_another_kind_in_a_pictures_place_is_no_picture_any_more(folder: Path, out: Path) -> None:
    build(folder, out)
    (folder / "a.jpg").write_bytes(b"%PDF-1.7 a letter")
    Image.new("1", (40_000, 4_000)).save(folder / "d.png")
    summary = build(folder, out)
    assert (summary.removed, summary.kept) == (2, ())
