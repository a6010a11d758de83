"""A file is opened only if it is one, and compared with its record to the last byte."""

import os
from pathlib import Path

import pytest

from runtime.artefacts.file_record import open_file, record_file, sha256_of, why_damaged


@pytest.mark.parametrize("kind", ["fifo", "folder", "device"])
def test_what_is_no_regular_file_is_refused_and_not_waited_for(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "x"
    if kind == "fifo":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    else:
        path.symlink_to("/dev/zero")
    with pytest.raises(OSError, match="no regular file"):
        open_file(path)


def test_a_file_is_sound_until_a_bit_a_byte_or_the_file_is_gone(tmp_path: Path) -> None:
    path = tmp_path / "a.bin"
    path.write_bytes(b"abc")
    record = record_file(tmp_path, "a.bin")
    assert (why_damaged(tmp_path, record), sha256_of(path)) == (None, record.sha256)
    path.write_bytes(b"abb")
    assert why_damaged(tmp_path, record) == "its sha256 is not the one in the manifest"
    path.write_bytes(b"ab")
    assert why_damaged(tmp_path, record) == "it has 2 bytes where the manifest says 3"
    path.unlink()
    assert why_damaged(tmp_path, record) == "it is not there"
    path.mkdir()
    assert why_damaged(tmp_path, record) == "it cannot be read (it is no regular file)"
