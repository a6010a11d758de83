"""A picture is opened once, and nothing that is put in its place meanwhile is read."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from runtime.errors import ImageNotFound
from runtime.library.opened_file import open_picture_file


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "red.jpg").write_bytes(b"outside")
    folder = tmp_path / "pictures"
    (folder / "sub").mkdir(parents=True)
    (folder / "sub" / "red.jpg").write_bytes(b"red")
    return folder.resolve()


def content_of(folder: Path, image_path: str = "sub/red.jpg") -> bytes:
    with open_picture_file(folder, image_path) as opened:
        assert opened.stat.st_size == opened.path.stat().st_size
        return opened.path.read_bytes()


def test_what_was_opened_is_read_whatever_lies_there_by_then(folder: Path) -> None:
    with open_picture_file(folder, "sub/red.jpg") as opened:
        (folder / "sub" / "red.jpg").unlink()
        (folder / "sub" / "red.jpg").symlink_to(folder.parent / "outside" / "red.jpg")
        assert opened.path.read_bytes() == opened.content.read() == b"red"
    assert opened.content.closed


def replace_by_link(path: Path, target: Path) -> None:
    path.rename(path.with_name("aside"))
    path.symlink_to(target)


@pytest.mark.parametrize("swapped", ["sub/red.jpg", "sub"])
def test_a_link_that_comes_between_look_and_opening_is_not_followed(
    folder: Path, monkeypatch: pytest.MonkeyPatch, swapped: str
) -> None:
    find, outside = Path.resolve, folder.parent / "outside"

    def find_then_swap(path: Path, strict: bool = False) -> Path:
        found = find(path, strict)
        replace_by_link(folder / swapped, outside / "red.jpg" if swapped.endswith(".jpg") else outside)
        return found

    monkeypatch.setattr(Path, "resolve", find_then_swap)
    with pytest.raises(ImageNotFound):
        open_picture_file(folder, "sub/red.jpg")


@pytest.mark.parametrize("target", ["red.jpg", "../sub/red.jpg", "{folder}/sub/red.jpg"])
def test_a_link_to_a_file_of_the_same_folder_is_followed_as_when_it_was_indexed(folder: Path, target: str) -> None:
    (folder / "sub" / "link.jpg").symlink_to(target.format(folder=folder))
    assert content_of(folder, "sub/link.jpg") == b"red"


def test_a_link_to_a_folder_of_the_same_library_is_followed(folder: Path) -> None:
    (folder / "other").symlink_to("sub")
    assert content_of(folder, "other/red.jpg") == b"red"


def test_a_hard_link_is_a_file_like_any(folder: Path) -> None:
    (folder / "hard.jpg").hardlink_to(folder / "sub" / "red.jpg")
    assert content_of(folder, "hard.jpg") == b"red"


@pytest.mark.parametrize("target", ["../../outside/red.jpg", "{outside}/red.jpg", "/dev/zero", "loop.jpg", "nothing"])
def test_a_link_out_of_the_folder_or_nowhere_leads_nowhere(folder: Path, target: str) -> None:
    (folder / "sub" / "loop.jpg").symlink_to(target.format(outside=folder.parent / "outside"))
    with pytest.raises(ImageNotFound):
        open_picture_file(folder, "sub/loop.jpg")


@pytest.mark.parametrize("put", [os.mkfifo, os.mkdir])
def test_what_is_no_file_is_not_waited_for(folder: Path, put: Callable[[Path], None]) -> None:
    (folder / "sub" / "red.jpg").unlink()
    put(folder / "sub" / "red.jpg")
    with pytest.raises(ImageNotFound):
        open_picture_file(folder, "sub/red.jpg")


def put_link(path: Path) -> None:
    path.symlink_to(path.parents[2] / "outside" / "red.jpg")


@pytest.mark.parametrize("put", [os.mkfifo, put_link])
def test_what_comes_between_the_last_look_and_the_opening_is_neither_waited_for_nor_followed(
    folder: Path, monkeypatch: pytest.MonkeyPatch, put: Callable[[Path], None]
) -> None:
    look = os.stat

    def look_then_swap(path: str, *, dir_fd: int | None = None, follow_symlinks: bool = True) -> os.stat_result:
        known = look(path, dir_fd=dir_fd, follow_symlinks=follow_symlinks)
        if dir_fd is not None:
            (folder / "sub" / "red.jpg").unlink()
            put(folder / "sub" / "red.jpg")
        return known

    monkeypatch.setattr(os, "stat", look_then_swap)
    with pytest.raises(ImageNotFound):
        open_picture_file(folder, "sub/red.jpg")


@pytest.mark.parametrize("image_path", ["", ".", "sub", "../outside/red.jpg", "nul\0.jpg", "x" * 9999])
def test_a_path_of_no_picture_leads_nowhere(folder: Path, image_path: str) -> None:
    with pytest.raises(ImageNotFound):
        open_picture_file(folder, image_path)


def test_no_file_stays_open(folder: Path) -> None:
    here = Path("/proc/self/fd")
    if not here.is_dir():
        pytest.skip("this system does not list a process's open files")
    before = len(list(here.iterdir()))
    for image_path in ("sub/red.jpg", "sub/nothing.jpg", "nothing/red.jpg", "sub"):
        try:
            open_picture_file(folder, image_path).close()
        except ImageNotFound:
            continue
    assert len(list(here.iterdir())) == before
