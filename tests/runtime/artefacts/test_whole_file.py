"""A file is there whole or not at all, whatever ends the writing."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from runtime.artefacts.whole_file import whole_file
from tests.conftest import ROOT

KILLED_HALFWAY = """
import os, signal, sys
from pathlib import Path
from runtime.artefacts.whole_file import whole_file
with whole_file(Path(sys.argv[1])) as file:
    file.write(b"half")
    file.flush()
    os.kill(os.getpid(), signal.SIGKILL)
"""


def write_half(path: Path, stopped_by: type[BaseException]) -> None:
    with whole_file(path) as file:
        file.write(b"new")
        raise stopped_by


def test_a_file_has_its_name_only_when_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "a name, with ü.bin"
    with whole_file(path) as file:
        file.write(b"new")
        assert not path.exists()
    assert path.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("stopped_by", [OSError, ValueError, KeyboardInterrupt, SystemExit])
def test_whatever_stops_the_writing_leaves_the_file_that_stood_there_and_nothing_else(
    stopped_by: type[BaseException], tmp_path: Path
) -> None:
    path = tmp_path / "store"
    path.write_bytes(b"old")
    with pytest.raises(stopped_by):
        write_half(path, stopped_by)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_the_beginnings_of_a_killed_writer_are_written_over(tmp_path: Path) -> None:
    path = tmp_path / "store"
    killed = subprocess.run([sys.executable, "-c", KILLED_HALFWAY, str(path)], cwd=ROOT, check=False)
    assert killed.returncode == -signal.SIGKILL
    assert [left.name for left in tmp_path.iterdir()] == ["store.part"]
    with whole_file(path) as file:
        file.write(b"new")
    assert list(tmp_path.iterdir()) == [path]


def test_two_writers_of_a_shared_file_do_not_write_into_each_other(tmp_path: Path) -> None:
    path = tmp_path / "store"
    with whole_file(path, shared=True) as first, whole_file(path, shared=True) as second:
        first.write(b"first, and longer")
        second.write(b"second")
    assert path.read_bytes() == b"first, and longer"  # the inner block, so the second writer, ended before
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(("synced", "expected"), [(True, ["file", "folder"]), (False, [])])
def test_the_disk_has_the_file_and_then_its_name_before_the_writing_ends(
    synced: bool, expected: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = []

    def fsync(descriptor: int) -> None:
        said.append("folder" if os.path.isdir(f"/dev/fd/{descriptor}") else "file")  # noqa: PTH112 (of the code under test's own descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    with whole_file(tmp_path / "store", synced=synced) as file:
        file.write(b"new")
    assert said == expected
