"""CLIP's tokenizer from mapped arrays against the library tokenizers, and which tokenizers can be written so."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tokenizers import Tokenizer as TokenizerFile

from benchmarks.measure.script_texts import draw_texts
from benchmarks.models.checkpoints.tokenizers import save_clip_tokenizer
from export.models.mapped_words_file import maps_words, write_mapped_words
from export.storybook.tokenizers import train_clip_tokenizer
from runtime.artefacts.mapped_arrays import MappedArrays
from runtime.models.mapped_words import MappedWords
from runtime.models.tokenizer import Tokenizer

pytestmark = pytest.mark.torch

CONTEXT, END = 20, 770
PUBLISHED = r"<\|startoftext\|>|<\|endoftext\|>|"  # what the pattern of published files has before the others'
NASTY = (
    "",
    " ",
    " \t\n\u00a0\u3000",
    "a",
    "A Photo of TWO cats",
    "they're the dog's, isn't it? I'LL, we'd, I'm, you've",
    "'' 's's ''re!'re 'x",
    "ein Schloß am See, 1887 ½ ²",
    "İSTANBUL'DA GÜN",
    "ΟΔΟΣ ΣΟΦΟΣ",
    "夕暮れの赤い船",
    "e\u0301 \u1100\u1161 \u0928\u093c Å",
    "🐶🏖️ dog\n\n\n x",
    "before<|endoftext|>after <|ENDOFTEXT|>'re <|startoftext|> <|STARTOFTEXT|>!",
    "!<|endoftext|>'s a<|endoftext|",
    "tab\tand\0null\x1c\x85",
    "\U0010ffff\ufffe\u200b",
    "red" * 90,
    "a red boat at sunset " * 9,
    "boat\n" * 40,
)


def published(tokenizer: TokenizerFile) -> TokenizerFile:
    """The same with what published files have beside: a longer pattern, and an end token that stands as it is written."""
    form = json.loads(tokenizer.to_str())
    pattern = form["pre_tokenizer"]["pretokenizers"][0]["pattern"]
    pattern["Regex"] = PUBLISHED + pattern["Regex"]
    form["added_tokens"][1]["normalized"] = False
    return TokenizerFile.from_str(json.dumps(form))


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> TokenizerFile:
    """The sample models' own."""
    return train_clip_tokenizer(tmp_path_factory.mktemp("trained"), seed=0, scenes=200).backend_tokenizer


@pytest.fixture(scope="module")
def with_unknown(tmp_path_factory: pytest.TempPathFactory) -> TokenizerFile:
    """One that lacks most bytes, which are unknown tokens."""
    return save_clip_tokenizer(tmp_path_factory.mktemp("unknown"), entries=400, context=CONTEXT).backend_tokenizer


Forms = tuple[Tokenizer, MappedWords]


@pytest.fixture(scope="module", params=["trained", "published", "with unknown bytes"])
def forms(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Forms:
    tokenizer = request.getfixturevalue("with_unknown" if "unknown" in request.param else "trained")
    if request.param == "published":
        tokenizer = published(tokenizer)
    assert maps_words(tokenizer)
    folder = tmp_path_factory.mktemp("forms")
    tokenizer.save(str(folder / "whole.json"))
    write_mapped_words(tokenizer, folder / "arrays/whole.safetensors")
    mapped = MappedWords(MappedArrays(folder / "arrays/whole.safetensors", ""), CONTEXT, END)
    return Tokenizer(folder / "whole.json", CONTEXT, END), mapped


@pytest.mark.parametrize("text", NASTY)
def test_a_nasty_text_has_the_library_s_ids_and_is_cut_at_the_same_place(forms: Forms, text: str) -> None:
    library, mapped = forms
    assert library.encode([text]).tolist() == mapped.encode([text]).tolist()
    assert library.read_part(text) == mapped.read_part(text)


def test_texts_in_ten_scripts_have_the_library_s_ids_and_are_cut_at_the_same_places(forms: Forms) -> None:
    library, mapped = forms
    for script, texts in draw_texts(100, vocabulary=["red", "boat", "sunset", "船", "лодка"]).items():
        assert (library.encode(texts) == mapped.encode(texts)).all(), script
        assert [library.read_part(text) for text in texts] == [mapped.read_part(text) for text in texts], script


def test_every_character_between_two_others_has_the_library_s_ids(forms: Forms) -> None:
    library, mapped = forms
    codes = [*range(0x3000), *range(0x3000, 0xD800, 7), *range(0xE000, 0x110000, 501)]
    texts = [f"a{chr(code)}'s" for code in codes]
    assert (library.encode(texts) == mapped.encode(texts)).all()


def test_two_files_of_one_tokenizer_are_the_same(trained: TokenizerFile, tmp_path: Path) -> None:
    files = [tmp_path / "one.safetensors", tmp_path / "other.safetensors"]
    for file in files:
        write_mapped_words(trained, file)
    assert files[0].read_bytes() == files[1].read_bytes()


def test_a_file_is_read_by_the_package_of_its_form_too(trained: TokenizerFile, tmp_path: Path) -> None:
    from safetensors.numpy import load_file

    write_mapped_words(trained, tmp_path / "one.safetensors")
    assert load_file(tmp_path / "one.safetensors")["byte_ids"].shape == (256,)


def with_another_pattern(form: dict[str, Any]) -> None:
    form["pre_tokenizer"]["pretokenizers"][0]["pattern"]["Regex"] += r"|\s"


def with_a_space_before(form: dict[str, Any]) -> None:
    form["pre_tokenizer"]["pretokenizers"][1]["add_prefix_space"] = True


def without_cutting(form: dict[str, Any]) -> None:
    form["pre_tokenizer"] = None


def with_capitals(form: dict[str, Any]) -> None:
    form["normalizer"]["normalizers"].pop()


def without_a_normalizer(form: dict[str, Any]) -> None:
    form["normalizer"] = None


def with_another_ending_of_words(form: dict[str, Any]) -> None:
    form["model"]["end_of_word_suffix"] = "."


def without_an_unknown_token(form: dict[str, Any]) -> None:
    form["model"]["unk_token"] = None


def with_unknown_tokens_made_one(form: dict[str, Any]) -> None:
    form["model"]["fuse_unk"] = True


def with_an_added_token_that_takes_spaces(form: dict[str, Any]) -> None:
    form["added_tokens"][0]["lstrip"] = True


def without_ends(form: dict[str, Any]) -> None:
    form["post_processor"] = None


@pytest.mark.parametrize(
    "change",
    [
        with_another_pattern,
        with_a_space_before,
        without_cutting,
        with_capitals,
        without_a_normalizer,
        with_another_ending_of_words,
        without_an_unknown_token,
        with_unknown_tokens_made_one,
        with_an_added_token_that_takes_spaces,
        without_ends,
    ],
)
def test_what_arrays_cannot_stand_for_stays_a_tokenizer_json(
    trained: TokenizerFile, change: Callable[[dict[str, Any]], None]
) -> None:
    form = json.loads(trained.to_str())
    change(form)
    assert not maps_words(TokenizerFile.from_str(json.dumps(form)))
