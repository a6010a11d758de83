"""The file of live captions: kept over processes and kills, and no search is lost where it cannot be."""

import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from runtime.library.caption_file import FILE_NAME, CaptionFile
from tests.conftest import ROOT

MODELS = {"clip/text.onnx": "11", "blip/vision.onnx": "22", "blip/decoder.onnx": "33"}
NOBODY = 65534

WRITER = """
import sys
from pathlib import Path
from runtime.library.caption_file import CaptionFile
folder, models, name = Path(sys.argv[1]), eval(sys.argv[2]), sys.argv[3]
for number in range(20):
    CaptionFile(folder, models).write(f"{name}-{number}", f"caption {number} of {name}")
"""
# Changes many pages in one transaction, so that some are in the file and the old ones in its journal; then it is killed.
KILLED_HALFWAY = """
import os, signal, sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("PRAGMA cache_size = 2")
connection.execute("BEGIN IMMEDIATE")
connection.executemany("INSERT INTO captions VALUES ('x', ?, ?)", [(str(n), "half" * 200) for n in range(500)])
os.kill(os.getpid(), signal.SIGKILL)
"""


def started(script: str, *arguments: str) -> "subprocess.Popen[bytes]":
    return subprocess.Popen([sys.executable, "-c", script, *arguments], cwd=ROOT)


@pytest.fixture
def file(tmp_path: Path) -> CaptionFile:
    return CaptionFile(tmp_path, MODELS)


def test_what_was_written_is_read_by_another_process(file: CaptionFile, tmp_path: Path) -> None:
    assert started(WRITER, str(tmp_path), repr(MODELS), "a").wait() == 0
    assert file.read(["a-3", "a-19", "never"]) == {"a-3": "caption 3 of a", "a-19": "caption 19 of a"}
    assert len(file.read_all()) == 20


def test_nothing_is_written_before_there_is_a_caption(file: CaptionFile, tmp_path: Path) -> None:
    assert file.read(["a"]) == file.read_all() == {}
    assert list(tmp_path.iterdir()) == []


def test_processes_may_write_at_once_to_a_file_that_none_has_made_yet(file: CaptionFile, tmp_path: Path) -> None:
    writers = [started(WRITER, str(tmp_path), repr(MODELS), name) for name in "abc"]
    assert [writer.wait() for writer in writers] == [0, 0, 0]
    assert len(file.read_all()) == 60


def test_a_writer_that_is_killed_halfway_costs_no_caption_of_before(file: CaptionFile, tmp_path: Path) -> None:
    file.write("a", "a boat")
    assert started(KILLED_HALFWAY, str(tmp_path / FILE_NAME)).wait() == -signal.SIGKILL
    assert (tmp_path / f"{FILE_NAME}-journal").stat().st_size
    again = CaptionFile(tmp_path, MODELS)
    assert again.read_all() == {"a": "a boat"}
    again.write("b", "a tree")
    assert again.read_all() == {"a": "a boat", "b": "a tree"}


@pytest.mark.parametrize(
    ("changed", "kept"),
    [
        ({"clip/text.onnx": "other"}, {"a": "a boat"}),
        ({"blip/decoder.onnx": "other"}, {}),
        ({"blip/search": "3 beams"}, {}),
    ],
)
def test_a_caption_is_that_of_the_very_captioner_and_search(
    changed: dict[str, str], kept: dict[str, str], file: CaptionFile, tmp_path: Path
) -> None:
    file.write("a", "a boat")
    assert CaptionFile(tmp_path, MODELS | changed).read(["a"]) == kept


def test_an_empty_caption_is_one(file: CaptionFile) -> None:
    file.write("a", "")
    assert file.read(["a"]) == {"a": ""}


@contextmanager
def read_only_folder(*, content: bytes | None) -> Iterator[Path]:
    """A folder that this process cannot write to, also where the tests are run by root."""
    with tempfile.TemporaryDirectory() as name:
        folder, was_root = Path(name), os.geteuid() == 0
        if content is not None:
            (folder / FILE_NAME).write_bytes(content)
            (folder / FILE_NAME).chmod(0o444)
        folder.chmod(0o555)
        if was_root:
            os.seteuid(NOBODY)
        try:
            yield folder
        finally:
            if was_root:
                os.seteuid(0)
            folder.chmod(0o755)


def test_a_read_only_folder_costs_the_keeping_alone_and_one_line(caplog: pytest.LogCaptureFixture) -> None:
    with read_only_folder(content=None) as folder:
        file = CaptionFile(folder, MODELS)
        for name in "abc":
            file.write(name, "a boat")
            assert file.read([name]) == {}
        assert list(folder.iterdir()) == []
    assert [record.getMessage().partition(":")[0] for record in caplog.records] == ["live captions are not kept"]


def test_what_lies_in_a_read_only_folder_is_read(
    file: CaptionFile, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file.write("a", "a boat")
    with read_only_folder(content=(tmp_path / FILE_NAME).read_bytes()) as folder:
        shipped = CaptionFile(folder, MODELS)
        assert shipped.read(["a"]) == {"a": "a boat"}
        shipped.write("b", "a tree")
        assert shipped.read(["a", "b"]) == {"a": "a boat"}
    assert len(caplog.records) == 1


def damage(path: Path) -> None:
    path.write_bytes(b"no database" * 1000)


def cut(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def make_newer(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 99")


def empty_of_tables(path: Path) -> None:
    path.unlink()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE other (x)")


@pytest.mark.parametrize("spoil", [damage, cut, make_newer, empty_of_tables])
def test_a_file_that_cannot_be_read_costs_the_keeping_alone_and_one_line(
    spoil: object, file: CaptionFile, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file.write("a", "a boat")
    assert callable(spoil)
    spoil(tmp_path / FILE_NAME)
    spoilt = CaptionFile(tmp_path, MODELS)
    for _ in range(3):
        assert spoilt.read(["a"]) == {}
        spoilt.write("a", "a boat")
    assert len(caplog.records) == 1


def test_a_locked_file_is_waited_for_once_and_briefly(
    file: CaptionFile, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file.write("a", "a boat")
    with closing(sqlite3.connect(tmp_path / FILE_NAME, isolation_level=None)) as holder:
        holder.execute("BEGIN EXCLUSIVE")
        for _ in range(50):
            assert file.read(["a"]) == {}
            file.write("b", "a tree")
    assert ["locked" in record.getMessage() for record in caplog.records] == [True]
