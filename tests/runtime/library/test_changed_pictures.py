"""A picture that took another's place after the index was made: the caption of the one before is not shown beside it."""

import os
from pathlib import Path

import pytest
from PIL import Image

from runtime.artefacts import file_record
from runtime.engine import Engine
from runtime.library import image_rows
from runtime.library.image_rows import ChangedPictures, ImageRow
from tests.runtime.conftest import NAMES


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The files that are read from now on."""
    found: list[Path] = []

    def counted(path: Path) -> str:
        found.append(path)
        return file_record.sha256_of(path)

    monkeypatch.setattr(image_rows, "sha256_of", counted)
    return found


@pytest.fixture
def indexed(tmp_path: Path) -> tuple[Path, ImageRow]:
    file = tmp_path / "1.jpg"
    file.write_bytes(b"a dog")
    found = file.stat()
    return file, ImageRow(1, "1.jpg", file_record.sha256_of(file), found.st_size, 1, 1, None, found.st_mtime_ns)


def test_a_file_as_it_was_indexed_is_not_read(indexed: tuple[Path, ImageRow], reads: list[Path]) -> None:
    file, row = indexed
    assert not ChangedPictures().has_changed(str(file), row)
    assert reads == []


def test_another_length_is_enough(indexed: tuple[Path, ImageRow], reads: list[Path]) -> None:
    file, row = indexed
    mtime_ns = file.stat().st_mtime_ns
    file.write_bytes(b"a horse")
    os.utime(file, ns=(mtime_ns, mtime_ns))
    assert ChangedPictures().has_changed(str(file), row)
    assert reads == []


@pytest.mark.parametrize("content", [b"a dog", b"a cat"])
def test_a_file_of_the_same_length_and_another_time_is_read_once(
    indexed: tuple[Path, ImageRow], reads: list[Path], content: bytes
) -> None:
    file, row = indexed
    later_ns = file.stat().st_mtime_ns + 10**9
    file.write_bytes(content)
    os.utime(file, ns=(later_ns, later_ns))
    changes = ChangedPictures()
    assert [changes.has_changed(str(file), row) for _ in range(3)] == [content != b"a dog"] * 3
    assert reads == [file]


@pytest.mark.parametrize("name", ["gone.jpg", "1.jpg/below", "n\0l", "x" * 300])
def test_a_file_that_is_not_there_has_not_changed(indexed: tuple[Path, ImageRow], name: str) -> None:
    file, row = indexed
    assert not ChangedPictures().has_changed(str(file.parent / name), row)


@pytest.mark.parametrize("at", [0, 2])  # one with a caption in the index, one without
def test_a_hit_whose_picture_was_replaced_says_so_and_has_no_caption(engine: Engine, tmp_path: Path, at: int) -> None:
    colour = ("red", "green", "blue")[at]
    request = engine.limits.check_search(colour, 2)
    Image.new("RGB", (200, 100), (90, 90, 90)).save(tmp_path / "images" / NAMES[at])
    replaced, other = engine.search(request).hits
    assert replaced.row.image_path == NAMES[at]
    assert (replaced.caption.text, replaced.caption_source) == ("", "none")
    assert "Another picture" in replaced.explanation.text
    assert other.caption.text
    assert "Another picture" not in other.explanation.text
