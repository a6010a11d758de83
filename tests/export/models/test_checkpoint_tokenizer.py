"""Tokenizers of checkpoints: SigLIP's do to texts what its training did, whatever their files leave out."""

import json
from pathlib import Path

import pytest
from tokenizers import Tokenizer as TokenizerFile
from transformers import AutoTokenizer, PreTrainedTokenizerFast

from export.errors import CheckpointUnusable
from export.models.checkpoint_tokenizer import prepare_as_trained, read_tokenizer
from export.models.checkpoints import open_checkpoint
from export.models.exporters import write_tokenizer
from runtime.models.tokenizer import Tokenizer
from tests.export.small_siglip import CONTEXT, save_gemma_form, save_siglip, save_unigram_form

pytestmark = pytest.mark.torch

TEXTS = (
    "",
    " ",
    "a",
    "A Red BOAT, at sunset!",
    "  many   spaces\tand\nlines  ",
    "ein Schloß am See, 1887",
    "İSTANBUL'DA GÜN",
    "夕暮れの赤い船 🐶",
    "Красная ЛОДКА на закате",
    "ΟΔΟΣ",
    "a red boat at sunset " * 9,
)


@pytest.fixture
def gemma_form(tmp_path: Path) -> Path:
    save_gemma_form(tmp_path)
    return tmp_path


@pytest.fixture
def unigram_form(tmp_path: Path) -> Path:
    save_unigram_form(tmp_path)
    return tmp_path


def ids_of(tokenizer: PreTrainedTokenizerFast, text: str) -> list[int]:
    token_ids: list[int] = tokenizer(text, truncation=True, max_length=CONTEXT)["input_ids"]
    return token_ids


def test_siglip_2_reads_lower_case_as_its_own_class_does_of_lowered_text(gemma_form: Path) -> None:
    given, reference = read_tokenizer("given", gemma_form, "siglip"), AutoTokenizer.from_pretrained(gemma_form)
    assert type(reference).__name__ == "GemmaTokenizerFast"
    for text in TEXTS:
        lowered = "".join(letter.lower() for letter in text)  # by letter: str.lower() has another sigma at a word's end
        assert ids_of(given, text) == ids_of(reference, lowered)
        assert ids_of(given, text)[-1] == given.eos_token_id == 1
    assert given.pad_token_id == 0


def test_siglip_reads_words_without_case_signs_and_spaces_between(unigram_form: Path) -> None:
    tokenizer = read_tokenizer("given", unigram_form, "siglip")
    plain = ids_of(tokenizer, "a red boat at sunset")
    assert plain[-1] == tokenizer.eos_token_id == tokenizer.pad_token_id == 1
    for text in (
        "A Red BOAT, at sunset!",
        "  a\tred  boat\nat sunset ",
        '"a red boat" (at sunset)',
        "a re-d b_oat at sunset",
    ):
        assert ids_of(tokenizer, text) == plain
    assert ids_of(tokenizer, "two birds") != plain
    assert ids_of(tokenizer, "!?") == [1]


def test_a_file_that_did_all_that_already_does_it_to_the_same_effect(unigram_form: Path) -> None:
    path = unigram_form / "tokenizer.json"
    once = read_tokenizer("given", unigram_form, "siglip")
    path.write_text(once.backend_tokenizer.to_str())
    again = read_tokenizer("given", unigram_form, "siglip")
    assert [ids_of(again, text) for text in TEXTS] == [ids_of(once, text) for text in TEXTS]


def test_an_end_token_closes_every_text_and_none_begins_it(gemma_form: Path) -> None:
    """Gemma's own file puts its start token before every text, and no end behind it."""
    path = gemma_form / "tokenizer.json"
    form = TokenizerFile.from_file(str(path))
    prepare_as_trained(form, "<bos>", 2)
    form.save(str(path))
    token_ids = ids_of(read_tokenizer("given", gemma_form, "siglip"), "a red boat")
    assert token_ids[-1] == 1
    assert 2 not in token_ids


def test_capitals_stay_where_the_tokenizer_says_so(gemma_form: Path) -> None:
    path = gemma_form / "tokenizer_config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"do_lower_case": False}))
    tokenizer = read_tokenizer("given", gemma_form, "siglip")
    assert ids_of(tokenizer, "BOAT") != ids_of(tokenizer, "boat")


def test_the_runtime_reads_what_the_checkpoint_does_and_pads_at_the_end(tmp_path: Path) -> None:
    for second, pad in ((False, 1), (True, 0)):
        folder = tmp_path / str(second)
        save_siglip(folder, second=second)
        checkpoint = open_checkpoint(str(folder), "siglip")
        write_tokenizer(checkpoint, folder / "written/tokenizer.json")
        runtime = Tokenizer(folder / "written/tokenizer.json", CONTEXT, pad, padded_to=CONTEXT)
        rows = runtime.encode(TEXTS)
        assert rows.shape == (len(TEXTS), CONTEXT)
        for text, row in zip(TEXTS, rows, strict=True):
            wanted = ids_of(checkpoint.tokenizer, text)
            assert list(row) == [*wanted, *([pad] * (CONTEXT - len(wanted)))]


@pytest.mark.parametrize("absent", ["pad_token", "eos_token"])
def test_a_tokenizer_that_names_no_padding_or_end_is_refused(gemma_form: Path, absent: str) -> None:
    path = gemma_form / "tokenizer_config.json"
    path.write_text(json.dumps({name: value for name, value in json.loads(path.read_text()).items() if name != absent}))
    with pytest.raises(CheckpointUnusable, match="names no pad_token or no eos_token"):
        read_tokenizer("given", gemma_form, "siglip")


def test_a_siglip_without_the_fast_form_or_with_a_broken_one_is_refused(gemma_form: Path) -> None:
    (gemma_form / "tokenizer.json").write_text("{}")
    with pytest.raises(CheckpointUnusable, match="its tokenizer is missing or broken"):
        read_tokenizer("given", gemma_form, "siglip")
    (gemma_form / "tokenizer.json").unlink()
    with pytest.raises(CheckpointUnusable, match=r"its tokenizer has no fast form \(tokenizer\.json\)"):
        read_tokenizer("given", gemma_form, "siglip")
