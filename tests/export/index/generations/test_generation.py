"""Generations: a reader sees one or the other, whatever the disk and other builders do."""

import fcntl
import os
import resource
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from export.errors import OutputUnwritable
from runtime.library.catalog import Library
from tests.export.index.small_library import (
    build,
    draw,
    draw_many,
    manifest_of,
    told_by,
)


def test_a_reader_that_opened_the_old_generation_goes_on_reading_it(folder: Path, out: Path) -> None:
    build(folder, out)
    old = manifest_of(out)
    draw(folder / "new.png", 30)
    build(folder, out)
    assert Library.open(out, old).count == 4
    assert Library.open(out, manifest_of(out)).count == 5


def test_only_the_generation_in_force_and_the_one_before_are_kept(folder: Path, out: Path) -> None:
    for turn in range(4):
        draw(folder / f"new {turn}.png", 30 + turn)
        build(folder, out)
    assert {path.name for path in out.iterdir()} == {"manifest.json", "previews", "signatures.sqlite", "g000003", "g000004"}


def test_a_foreign_folder_that_looks_like_a_generation_is_left_alone(folder: Path, out: Path) -> None:
    (out / "g000007").mkdir(parents=True)
    (out / "g000007" / "mine.txt").write_text("not yours")
    build(folder, out)
    assert (out / "g000007" / "mine.txt").read_text() == "not yours"


def test_a_second_builder_is_told_that_the_first_is_at_work(folder: Path, out: Path) -> None:
    out.mkdir(parents=True)
    first = os.open(out, os.O_RDONLY)
    fcntl.flock(first, fcntl.LOCK_EX)
    with pytest.raises(OutputUnwritable, match="another build"):
        build(folder, out)
    os.close(first)
    assert build(folder, out).count == 4


def test_an_index_folder_that_is_a_file_is_refused(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for out in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(OutputUnwritable, match="file"):
            build(folder, out)


def test_an_index_folder_whose_path_is_no_utf8_is_refused(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(OutputUnwritable, match="not UTF-8"):
        build(folder, tmp_path / os.fsdecode(b"caf\xe9"))


def test_ctrl_c_right_after_the_switch_leaves_a_whole_index(
    folder: Path, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt_once_switched(opened: int) -> None:
        if (out / "manifest.json").exists():
            raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupt_once_switched)
    with pytest.raises(KeyboardInterrupt):
        build(folder, out)
    monkeypatch.undo()
    assert len(told_by(out)[0]) == 4
    assert not build(folder, out).written


@contextmanager
def file_size_limit(max_bytes: int) -> Iterator[None]:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (max_bytes, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("max_bytes", [0, 600, 5_000, 20_000, 24_000])
def test_files_that_cannot_grow_leave_the_old_index_and_no_half_one(folder: Path, out: Path, max_bytes: int) -> None:
    build(folder, out)
    before, there = told_by(out), {path.name for path in out.iterdir()}
    draw_many(folder / "more", [f"{number}.png" for number in range(20)])
    with file_size_limit(max_bytes), pytest.raises(OutputUnwritable, match="untouched"):
        build(folder, out)
    assert told_by(out) == before
    assert {path.name for path in out.iterdir()} - there <= {"building.sqlite", "signatures.sqlite-journal"}
    assert build(folder, out).added == 20


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own of 900 KB: signatures take 100 KB, and of a small picture, a preview 4 KB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=900k", "tmpfs", disk], capture_output=True, check=False)
    if mounted.returncode:
        pytest.skip("mounting a small file system needs root")
    yield disk
    subprocess.run(["umount", disk], check=True)


def fill_up(stuffing: Path) -> None:
    with suppress(OSError), stuffing.open("wb", buffering=0) as file:
        while True:
            file.write(b"x" * 4096)


def test_a_full_disk_leaves_the_old_index_and_a_run_with_room_ends_it(folder: Path, small_disk: Path) -> None:
    out = small_disk / "index"
    build(folder, out)
    before = told_by(out)
    draw_many(folder / "more", [f"{number}.png" for number in range(30)])
    stuffing = small_disk / "stuffing"
    fill_up(stuffing)
    for spare_bytes in (0, 8_192, 24_576, 40_960):
        with stuffing.open("r+b") as file:
            file.truncate(stuffing.stat().st_size - spare_bytes)
        with pytest.raises(OutputUnwritable):
            build(folder, out)
        assert told_by(out) == before
        assert {path.name for path in out.iterdir()} - {"signatures.sqlite-journal"} <= {
            "manifest.json",
            "previews",
            "signatures.sqlite",
            "g000001",
            "building.sqlite",
        }
    stuffing.unlink()
    assert build(folder, out).count == 34
