"""A file of CLIP's words that is damaged is refused by name, and a whole one is read without the library that wrote it."""

from pathlib import Path

import numpy as np
import pytest

from runtime.artefacts.mapped_arrays import MappedArrays
from runtime.errors import ArtefactCorrupt
from runtime.models.mapped_bpe import FORMAT as WHOLE_TEXTS
from runtime.models.mapped_tables import REMEMBERED
from runtime.models.mapped_words import FORMAT, MappedWords
from runtime.models.onnx_session import REMEDY, Array
from tests.runtime.models.mapped_files import write_arrays

START, END, PAD = 900, 901, 999
TEXTS = {
    "format": FORMAT,
    "start_token_id": f"{START}",
    "end_token_id": f"{END}",
    "added_tokens": "{}",
    "added_as_written": '{"<end>": 901}',
    "cut_apart": '["<end>"]',
}
LAST = 256  # added to a byte's id at the end of a word
A, B, C = map(ord, "abc")
# "a" and "b" within a word are 600; 600 and "c" at its end 601
ARRAYS: dict[str, Array] = {
    "byte_ids": np.arange(256, dtype=np.int32),
    "last_byte_ids": np.arange(LAST, 2 * LAST, dtype=np.int32),
    "pairs": np.array([A << 32 | B, 600 << 32 | (C + LAST)], dtype=np.uint64),
    "merges": np.array([[1, 600], [0, 601]], dtype=np.int32),
    "normalized_from": np.array([ord("A"), ord("İ")], dtype=np.uint32),
    "normalized_to": np.array([[ord("a"), 0], [ord("i"), 0x307]], dtype=np.uint32),
    "kind_starts": np.array([0, 32, 33, 48, 58, 97, 123, 0xC0], dtype=np.uint32),
    "kinds": np.frombuffer(b"! !0!a!a", dtype=np.uint8).copy(),
}


@pytest.fixture
def whole(tmp_path: Path) -> Path:
    return write_arrays(tmp_path / "tokenizer.safetensors", ARRAYS, TEXTS)


def ids_of(path: Path, text: str, length: int = 20) -> list[int]:
    [row] = MappedWords(MappedArrays(path, REMEDY), length, PAD).encode([text]).tolist()
    assert (row[0], row[-1]) == (START, END)
    return [token_id - LAST if LAST <= token_id < 2 * LAST else token_id for token_id in row[1:-1]]


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("", []),
        ("abc", [601]),
        ("Abc aBc", [601, A, ord("B"), C]),
        ("abcab", [600, C, A, B]),  # within a word, "c" is another token, and "b" at its end as well
        ("a12!?b", [A, ord("1"), ord("2"), ord("!"), ord("?"), B]),
        ("é", [*"é".encode()]),
        ("e\u0301", [*"é".encode()]),
        ("ab<end>c", [A, B, END, C]),
        ("<END>", [*b"<END>"]),
    ],
)
def test_words_are_cut_by_the_kinds_of_their_characters_and_their_bytes_merged(
    whole: Path, text: str, ids: list[int]
) -> None:
    assert ids_of(whole, text) == ids


def test_an_apostrophe_begins_an_ending_alone(whole: Path) -> None:
    assert len(MappedWords(MappedArrays(whole, REMEDY), 20, PAD)._tokens_of_word("'s")) == 2
    tokenizer = MappedWords(MappedArrays(whole, REMEDY), 20, PAD)
    assert [word for word, _ in tokenizer._words("a's a'x !'s")] == ["a", "'s", "a", "'", "x", "!'", "s"]


def test_a_text_is_cut_so_that_both_ends_stay(whole: Path) -> None:
    tokenizer = MappedWords(MappedArrays(whole, REMEDY), 5, PAD, padded_to=5)
    assert tokenizer.encode(["b b b b", "b"]).tolist() == [
        [START, B + LAST, B + LAST, B + LAST, END],
        [START, B + LAST, END, PAD, PAD],
    ]
    assert tokenizer.read_part("b bb b") == "b bb"
    assert tokenizer.read_part("bb bb") == "bb"
    assert tokenizer.read_part("bbbbbb") == "bbb"
    assert tokenizer.read_part("abc abc abc") == "abc abc abc"


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("b e\u0301 bb", "b e\u0301"),  # three tokens: "b", and the two bytes of one letter, given as two
        ("İİ", "İ"),  # three bytes each, two characters when it is normalized
        ("b b<end> b b", "b b<end>"),
    ],
)
def test_a_part_is_of_the_text_as_it_is_given(whole: Path, text: str, part: str) -> None:
    assert MappedWords(MappedArrays(whole, REMEDY), 5, PAD).read_part(text) == part


def test_of_all_characters_those_of_alphabets_alone_are_remembered(whole: Path) -> None:
    tokenizer = MappedWords(MappedArrays(whole, REMEDY), 20, PAD)
    tokenizer.encode(["".join(map(chr, range(32, 0x3000)))])
    assert len(tokenizer._replaced) <= REMEMBERED
    assert len(tokenizer._kinds) <= REMEMBERED


@pytest.mark.parametrize("length", [0, 4, 40, -1])
def test_a_file_that_was_cut_short_is_refused(whole: Path, length: int) -> None:
    whole.write_bytes(whole.read_bytes()[:length])
    with pytest.raises(ArtefactCorrupt, match=r"tokenizer\.safetensors.*it is no file of mapped arrays.*lookwhy models"):
        MappedWords(MappedArrays(whole, REMEDY), 8, PAD)


@pytest.mark.parametrize("absent", sorted(ARRAYS))
def test_an_absent_array_is_named(tmp_path: Path, absent: str) -> None:
    arrays = {name: array for name, array in ARRAYS.items() if name != absent}
    with pytest.raises(ArtefactCorrupt, match=f"it has no array {absent}"):
        MappedWords(MappedArrays(write_arrays(tmp_path / "less.safetensors", arrays, TEXTS), REMEDY), 8, PAD)


@pytest.mark.parametrize("form", [WHOLE_TEXTS, "lookwhy-words/2"])
def test_another_form_is_refused(tmp_path: Path, form: str) -> None:
    path = write_arrays(tmp_path / "other.safetensors", ARRAYS, TEXTS | {"format": form})
    with pytest.raises(ArtefactCorrupt, match=f"it is no {FORMAT} file"):
        MappedWords(MappedArrays(path, REMEDY), 8, PAD)


@pytest.mark.parametrize("change", [{"start_token_id": "x"}, {"added_tokens": "{"}, {"cut_apart": "["}])
def test_texts_that_cannot_be_read_are_named(tmp_path: Path, change: dict[str, str]) -> None:
    path = write_arrays(tmp_path / "other.safetensors", ARRAYS, TEXTS | change)
    with pytest.raises(ArtefactCorrupt, match="it names no added tokens, or not the first and last token"):
        MappedWords(MappedArrays(path, REMEDY), 8, PAD)
