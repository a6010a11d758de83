"""A folder of this machine: what tells one release in it from the next, and files that are held when others come."""

from pathlib import Path

import pytest

from runtime.artefacts import damage_check
from runtime.artefacts.damage_check import find_damage
from runtime.artefacts.file_record import HASH_CHUNK_BYTES, FileRecord, record_file
from runtime.artefacts.folder import LocalFolder
from runtime.artefacts.manifest import MANIFEST_NAME
from runtime.artefacts.whole_file import whole_file


@pytest.fixture
def record(tmp_path: Path) -> FileRecord:
    (tmp_path / "graph").write_bytes(b"as it was")
    return record_file(tmp_path, "graph")


def test_a_manifest_that_is_replaced_has_another_stamp(tmp_path: Path) -> None:
    folder, stamps = LocalFolder(tmp_path), []
    stamps.append(folder.stamp())
    for text in (b"{}", b"[]"):
        with whole_file(tmp_path / MANIFEST_NAME) as file:
            file.write(text)
        stamps += [folder.stamp(), folder.stamp()]
    assert stamps[0] is None
    assert stamps[1] == stamps[2] != stamps[3] == stamps[4]


@pytest.mark.parametrize("fate", ["replaced", "removed"])
def test_a_held_file_is_read_as_it_was(tmp_path: Path, record: FileRecord, fate: str) -> None:
    folder = LocalFolder(tmp_path)
    folder.hold(record)
    assert folder.is_as_held(record)
    (tmp_path / "graph").unlink()
    if fate == "replaced":
        (tmp_path / "graph").write_bytes(b"another")
    assert not folder.is_as_held(record)
    content = folder.held(record)
    assert content
    assert bytes(content) == b"as it was"


def test_what_is_not_there_is_not_held(tmp_path: Path) -> None:
    folder, absent = LocalFolder(tmp_path), FileRecord(path="absent", bytes=1, sha256="")
    folder.hold(absent)
    assert folder.is_as_held(absent)
    assert folder.held(absent) is None


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def test_held_files_are_closed_with_the_folder(tmp_path: Path, record: FileRecord) -> None:
    before = open_files()
    folder = LocalFolder(tmp_path)
    folder.hold(record)
    assert open_files() == before + 1
    del folder
    assert open_files() == before


def test_a_file_of_the_same_length_with_another_content_is_found(tmp_path: Path, record: FileRecord) -> None:
    absent = FileRecord(path="absent", bytes=1, sha256="")
    assert find_damage(tmp_path, [record, absent], lambda _seconds: False) == []
    (tmp_path / "graph").write_bytes(b"as it waz")
    assert find_damage(tmp_path, [record, absent], lambda _seconds: False) == [tmp_path / "graph"]


def test_the_check_rests_between_pieces_and_ends_when_it_is_told_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(damage_check, "RESTED_FROM_S", 0.0)
    (tmp_path / "large").write_bytes(bytes(3 * HASH_CHUNK_BYTES))
    record, rests = record_file(tmp_path, "large"), []

    def rest(seconds: float) -> bool:
        rests.append(seconds)
        return False

    assert find_damage(tmp_path, [record], rest) == []
    assert len(rests) == 3
    assert min(rests) > 0
    assert find_damage(tmp_path, [record], lambda _seconds: True) is None
