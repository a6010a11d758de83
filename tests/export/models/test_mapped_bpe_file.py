"""Byte-pair encoding from mapped arrays against the library tokenizers, and which tokenizers can be written so."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tokenizers import Tokenizer as TokenizerFile

from benchmarks.measure.script_texts import draw_texts
from export.models.checkpoint_tokenizer import prepare_as_trained
from export.models.mapped_bpe_file import maps, write_mapped_bpe
from runtime.artefacts.mapped_arrays import MappedArrays
from runtime.models.mapped_bpe import MappedBpe
from runtime.models.tokenizer import Tokenizer
from tests.export.small_siglip import CONTEXT, save_gemma_form, save_unigram_form

pytestmark = pytest.mark.torch

TEXTS_OF_A_SCRIPT = 300
ADDED = ("<2mass>", "<2mas", "\n", "\n\n", "▁▁", "<eos>")
NASTY = (
    "",
    " ",
    "   ",
    "a",
    "A Photo of TWO cats",
    "ein Schloß am See, 1887",
    "İSTANBUL'DA GÜN",
    "ΟΔΟΣ ΣΟΦΟΣ",
    "夕暮れの赤い船",
    "🐶🏖️ dog\n\n\n x",
    "before<2mass>after <2mas <EOS> <eos>",
    "a ▁▁ b▁▁▁ c",
    "tab\tand\0null",
    "\U0010ffff\ufffe\u200b",
    "red" * 90,
    "word " * 90,
    "boat\n" * 40,
)


def small_tokenizer(folder: Path) -> TokenizerFile:
    """Gemma's form in small, with tokens added that are one another's beginnings, as Gemma's newlines are."""
    tokenizer = save_gemma_form(folder)
    prepare_as_trained(tokenizer, "<eos>", 1)
    tokenizer.add_tokens(list(ADDED[:-1]))
    form = json.loads(tokenizer.to_str())
    for token in form["added_tokens"]:
        token["normalized"] = False
    return TokenizerFile.from_str(json.dumps(form))


@pytest.fixture(scope="module")
def forms(tmp_path_factory: pytest.TempPathFactory) -> tuple[Tokenizer, MappedBpe]:
    folder = tmp_path_factory.mktemp("forms")
    tokenizer = small_tokenizer(folder)
    assert maps(tokenizer)
    tokenizer.save(str(folder / "whole.json"))
    write_mapped_bpe(tokenizer, 1, folder / "arrays/whole.safetensors")
    return (
        Tokenizer(folder / "whole.json", CONTEXT, 0, padded_to=CONTEXT),
        MappedBpe(MappedArrays(folder / "arrays/whole.safetensors", ""), CONTEXT, 0, padded_to=CONTEXT),
    )


def test_texts_in_ten_scripts_have_the_library_s_ids(forms: tuple[Tokenizer, MappedBpe]) -> None:
    library, mapped = forms
    scripts = draw_texts(TEXTS_OF_A_SCRIPT, vocabulary=["red", "boat", "▁sunset", "船", "лодка", "καράβι"])
    assert len(scripts) == 10
    for script, texts in scripts.items():
        assert len(set(texts)) > TEXTS_OF_A_SCRIPT / 2
        assert (library.encode(texts) == mapped.encode(texts)).all(), script


@pytest.mark.parametrize("text", NASTY)
def test_a_nasty_text_has_the_library_s_ids_and_is_cut_at_the_same_place(
    forms: tuple[Tokenizer, MappedBpe], text: str
) -> None:
    library, mapped = forms
    assert library.encode([text]).tolist() == mapped.encode([text]).tolist()
    assert library.read_part(text) == mapped.read_part(text)


def test_texts_are_cut_at_the_same_places(forms: tuple[Tokenizer, MappedBpe]) -> None:
    library, mapped = forms
    texts = [text for group in draw_texts(30, seed=1).values() for text in group]
    parts = [mapped.read_part(text) for text in texts]
    assert parts == [library.read_part(text) for text in texts]
    assert sum(part != text for part, text in zip(parts, texts, strict=True)) > len(texts) / 4


def test_without_a_fixed_length_texts_are_padded_to_the_longest(forms: tuple[Tokenizer, MappedBpe], tmp_path: Path) -> None:
    tokenizer = small_tokenizer(tmp_path)
    tokenizer.save(str(tmp_path / "whole.json"))
    write_mapped_bpe(tokenizer, 1, tmp_path / "whole.safetensors")
    texts = ["a", "a red boat"]
    given = MappedBpe(MappedArrays(tmp_path / "whole.safetensors", ""), CONTEXT, 0).encode(texts)
    assert given.tolist() == Tokenizer(tmp_path / "whole.json", CONTEXT, 0).encode(texts).tolist()
    assert given.shape[1] < CONTEXT


def with_cut_words(form: dict[str, Any]) -> None:
    form["pre_tokenizer"] = {"type": "Whitespace"}


def with_spaces_left_to_cut_at(form: dict[str, Any]) -> None:
    form["normalizer"] = {"type": "Lowercase"}


def with_a_normalizer_of_whole_texts(form: dict[str, Any]) -> None:
    form["normalizer"] = {"type": "Sequence", "normalizers": [{"type": "NFC"}, form["normalizer"]]}


def with_a_pattern(form: dict[str, Any]) -> None:
    form["normalizer"] = {"type": "Replace", "pattern": {"Regex": "  +"}, "content": "▁"}


def with_an_ending_of_words(form: dict[str, Any]) -> None:
    form["model"]["end_of_word_suffix"] = "</w>"


def with_unknown_characters(form: dict[str, Any]) -> None:
    form["model"]["byte_fallback"] = False


def with_a_byte_missing(form: dict[str, Any]) -> None:
    form["model"]["vocab"]["spelt otherwise"] = form["model"]["vocab"].pop("<0xE5>")


def with_an_added_token_that_takes_spaces(form: dict[str, Any]) -> None:
    form["added_tokens"][0]["lstrip"] = True


@pytest.mark.parametrize(
    "change",
    [
        with_cut_words,
        with_spaces_left_to_cut_at,
        with_a_normalizer_of_whole_texts,
        with_a_pattern,
        with_an_ending_of_words,
        with_unknown_characters,
        with_a_byte_missing,
        with_an_added_token_that_takes_spaces,
    ],
)
def test_what_arrays_cannot_stand_for_stays_a_tokenizer_json(
    tmp_path: Path, change: Callable[[dict[str, Any]], None]
) -> None:
    form = json.loads(small_tokenizer(tmp_path).to_str())
    change(form)
    assert not maps(TokenizerFile.from_str(json.dumps(form)))


def test_a_unigram_stays_a_tokenizer_json(tmp_path: Path) -> None:
    assert not maps(save_unigram_form(tmp_path))


def test_the_file_is_as_readable_as_others(tmp_path: Path) -> None:
    (tmp_path / "other").write_text("")
    write_mapped_bpe(small_tokenizer(tmp_path), 1, tmp_path / "arrays.safetensors")
    assert (tmp_path / "arrays.safetensors").stat().st_mode == (tmp_path / "other").stat().st_mode
