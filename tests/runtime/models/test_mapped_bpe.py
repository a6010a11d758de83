"""A file of mapped arrays that is damaged is refused by name, and a whole one is read without the library that wrote it."""

from pathlib import Path

import numpy as np
import pytest

from runtime.artefacts.mapped_arrays import MappedArrays
from runtime.errors import ArtefactCorrupt
from runtime.models.mapped_bpe import FORMAT, MappedBpe
from runtime.models.onnx_session import REMEDY, Array
from tests.runtime.models.mapped_files import write_arrays

TEXTS = {"format": FORMAT, "end_token_id": "0", "added_tokens": "{}"}
LETTERS = "abcr"
# a=1 b=2 c=3 r=4, "ab"=5, "abc"=6
ARRAYS: dict[str, Array] = {
    "characters": np.array([ord(letter) for letter in LETTERS], dtype=np.uint32),
    "character_ids": np.array([1, 2, 3, 4], dtype=np.int32),
    "byte_ids": np.arange(100, 356, dtype=np.int32),
    "pairs": np.array([1 << 32 | 2, 5 << 32 | 3], dtype=np.uint64),
    "merges": np.array([[1, 5], [0, 6]], dtype=np.int32),
    "normalized_from": np.array([ord("A")], dtype=np.uint32),
    "normalized_to": np.array([[ord("a"), 0]], dtype=np.uint32),
}


@pytest.fixture
def whole(tmp_path: Path) -> Path:
    return write_arrays(tmp_path / "tokenizer.safetensors", ARRAYS, TEXTS)


def test_pairs_become_one_in_the_order_of_their_ranks(whole: Path) -> None:
    tokenizer = MappedBpe(MappedArrays(whole, REMEDY), 8, 9)
    assert tokenizer.encode(["abc", "Abr", "cab", "é"]).tolist() == [
        [6, 0, 9],
        [5, 4, 0],
        [3, 5, 0],
        [100 + 0xC3, 100 + 0xA9, 0],
    ]


def test_a_text_is_cut_so_that_its_end_stays(whole: Path) -> None:
    tokenizer = MappedBpe(MappedArrays(whole, REMEDY), 3, 9, padded_to=3)
    assert tokenizer.encode(["rrrrr", "r"]).tolist() == [[4, 4, 0], [4, 0, 9]]
    assert tokenizer.read_part("rrrrr") == "rr"
    assert tokenizer.read_part("rr") == "rr"


def test_arrays_cannot_be_written_to(whole: Path) -> None:
    with pytest.raises(ValueError, match="read-only"):
        MappedArrays(whole, "")["pairs"][0] = 0


@pytest.mark.parametrize("length", [0, 4, 40, -1])
def test_a_file_that_was_cut_short_is_refused(whole: Path, length: int) -> None:
    whole.write_bytes(whole.read_bytes()[:length])
    with pytest.raises(ArtefactCorrupt, match=r"tokenizer\.safetensors.*it is no file of mapped arrays.*lookwhy models"):
        MappedBpe(MappedArrays(whole, REMEDY), 8, 9)


@pytest.mark.parametrize("content", [b"\xff" * 64, b"\x02\0\0\0\0\0\0\0[]", b"\x02\0\0\0\0\0\0\0{}" + bytes(9)])
def test_another_file_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "other.safetensors").write_bytes(content)
    with pytest.raises(ArtefactCorrupt, match=r"it is no file of mapped arrays|it is no lookwhy-bpe/1 file"):
        MappedBpe(MappedArrays(tmp_path / "other.safetensors", REMEDY), 8, 9)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ArtefactCorrupt, match="it is no file of mapped arrays"):
        MappedBpe(MappedArrays(tmp_path / "none.safetensors", REMEDY), 8, 9)


@pytest.mark.parametrize("absent", ["pairs", "characters", "byte_ids"])
def test_an_absent_array_is_named(tmp_path: Path, absent: str) -> None:
    path = write_arrays(
        tmp_path / "less.safetensors", {name: array for name, array in ARRAYS.items() if name != absent}, TEXTS
    )
    with pytest.raises(ArtefactCorrupt, match=f"it has no array {absent}"):
        MappedBpe(MappedArrays(path, REMEDY), 8, 9)


@pytest.mark.parametrize("texts", [{}, TEXTS | {"format": "lookwhy-bpe/2"}])
def test_another_form_is_refused(tmp_path: Path, texts: dict[str, str]) -> None:
    with pytest.raises(ArtefactCorrupt, match="it is no lookwhy-bpe/1 file"):
        MappedBpe(MappedArrays(write_arrays(tmp_path / "other.safetensors", ARRAYS, texts), REMEDY), 8, 9)


@pytest.mark.parametrize("texts", [{"format": FORMAT}, TEXTS | {"end_token_id": "end"}, TEXTS | {"added_tokens": "{"}])
def test_an_absent_end_token_is_named(tmp_path: Path, texts: dict[str, str]) -> None:
    with pytest.raises(ArtefactCorrupt, match="it names no added tokens or no end token"):
        MappedBpe(MappedArrays(write_arrays(tmp_path / "other.safetensors", ARRAYS, texts), REMEDY), 8, 9)
