"""Single pictures while they are read: gone for a moment, changed, back again, no file any more, or over a limit."""

import errno
import os
import socket
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from export.index.folder import hashing
from export.index.folder.hashing import hash_images
from export.index.folder.scan import FoundImage, SkippedImage
from runtime.images import MAX_IMAGE_BYTES
from tests.export.index.small_library import (
    GridEncoder,
    build,
    catalog_of,
    draw,
    draw_many,
    ids_by_path,
    reasons,
    small_models,
)

HOME = [f"{number}.png" for number in range(8)]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = draw_many(tmp_path / "photos", HOME)
    for name in HOME:
        os.utime(folder / name, (1_600_000_000, 1_600_000_000))
    return folder


class Toucher(GridEncoder):
    """Changes a file's time whenever a picture was decoded."""

    def __init__(self, file: Path) -> None:
        super().__init__()
        self.file = file

    def prepare(self, image: Image.Image, scaled_from: tuple[int, int] | None = None) -> NDArray[np.float32]:
        os.utime(self.file, (1, 1))
        return super().prepare(image, scaled_from)


@pytest.mark.parametrize("kind", ["unreadable", "changed"])
def test_a_picture_that_cannot_be_read_for_a_moment_keeps_its_row(
    folder: Path, out: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    build(folder, out)
    before = ids_by_path(out)
    draw(folder / "0.png", 77)
    with monkeypatch.context() as patched:
        if kind == "unreadable":
            error = OSError(errno.EIO, os.strerror(errno.EIO))
            patched.setattr(hashing, "sha256_of", lambda _: (_ for _ in ()).throw(error))
        summary = build(folder, out, replace(small_models(), encoder=Toucher(folder / "0.png")))
    assert [(kept.name, kept.pictures) for kept in summary.kept] == [(".", 1)]
    assert ids_by_path(out) == before
    summary = build(folder, out)
    assert (summary.changed, summary.encoded, ids_by_path(out)) == (1, 1, before)


def test_a_picture_that_comes_back_has_its_caption_again(folder: Path, out: Path, tmp_path: Path) -> None:
    build(folder, out)
    caption = {row.image_path: row.caption for row in catalog_of(out).rows}["0.png"]
    (folder / "0.png").rename(tmp_path / "away.png")
    build(folder, out)
    draw(folder / "other.png", 70)
    build(folder, out)
    (tmp_path / "away.png").rename(folder / "back.png")
    models = replace(small_models(), open_captioner=lambda: pytest.fail("a captioner was opened"))
    build(folder, out, models)
    assert {row.image_path: row.caption for row in catalog_of(out).rows}["back.png"] == caption


@pytest.mark.parametrize("kind", ["fifo", "socket", "device", "folder"])
def test_what_is_no_file_and_took_a_pictures_place_is_not_waited_for(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "x.png"
    if kind == "fifo":
        os.mkfifo(path)
    elif kind == "socket":
        with socket.socket(socket.AF_UNIX) as bound:
            bound.bind(str(path))
    elif kind == "device":
        path.symlink_to("/dev/zero")
    else:
        path.mkdir()
    [(_, outcome)] = hash_images(tmp_path, [FoundImage("x.png", 10, 0)])
    assert isinstance(outcome, SkippedImage)
    assert "cannot be read" in outcome.reason


def test_a_file_over_the_size_limit_is_refused_before_it_is_read(
    folder: Path, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build(folder, out)
    with (folder / "0.png").open("r+b") as file:
        file.truncate(MAX_IMAGE_BYTES + 1)
    read: list[Path] = []
    monkeypatch.setattr(hashing, "sha256_of", read.append)
    summary = build(folder, out)
    assert read == []
    assert "bytes; 209,715,200 are allowed" in reasons(summary)["0.png"]
    assert "0.png" not in ids_by_path(out)


def test_a_time_that_sqlite_cannot_keep_is_no_obstacle(folder: Path, out: Path) -> None:
    for seconds in (10_000_000_000, -10_000_000_000):  # the years 2286 and 1653
        os.utime(folder / "0.png", (seconds, seconds))
        assert build(folder, out).count == len(HOME)
