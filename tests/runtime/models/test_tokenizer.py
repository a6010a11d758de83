"""Token ids: cut and padded as the graphs expect. That they equal the reference's is shown in test_text_reference.py."""

from pathlib import Path

import numpy as np
import pytest
from tokenizers import Tokenizer as TokenizerFile
from tokenizers import models, pre_tokenizers, processors

from runtime.errors import ArtefactCorrupt
from runtime.models.tokenizer import Tokenizer

START, END = 3, 4


@pytest.fixture
def tokenizer(tmp_path: Path) -> Tokenizer:
    file = TokenizerFile(models.WordLevel({"red": 0, "boat": 1, "?": 2, "<s>": START, "</s>": END}, unk_token="?"))
    file.pre_tokenizer = pre_tokenizers.Whitespace()
    file.add_special_tokens(["<s>", "</s>"])
    file.post_processor = processors.TemplateProcessing("<s> $A </s>", special_tokens=[("<s>", START), ("</s>", END)])
    file.save(str(tmp_path / "tokenizer.json"))
    return Tokenizer(tmp_path / "tokenizer.json", 5, END)


def test_shorter_texts_are_padded_with_the_end_token(tokenizer: Tokenizer) -> None:
    token_ids = tokenizer.encode(["red", "red boat"])
    assert token_ids.dtype == np.int64
    assert token_ids.tolist() == [[START, 0, END, END], [START, 0, 1, END]]


def test_every_text_has_the_length_that_a_graph_takes_alone(tokenizer: Tokenizer, tmp_path: Path) -> None:
    fixed = Tokenizer(tmp_path / "tokenizer.json", 5, 2, padded_to=5)
    assert fixed.encode(["red"]).tolist() == [[START, 0, END, 2, 2]]
    assert fixed.encode(["red", "red boat red boat"]).tolist() == [[START, 0, END, 2, 2], [START, 0, 1, 0, END]]


def test_longer_texts_are_cut_and_keep_their_end_token(tokenizer: Tokenizer) -> None:
    assert tokenizer.encode(["red boat red boat red boat"]).tolist() == [[START, 0, 1, 0, END]]


def test_decoding_leaves_special_tokens_out(tokenizer: Tokenizer) -> None:
    assert tokenizer.decode(np.array([START, 0, 1, END])) == "red boat"


def test_a_broken_tokenizer_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "tokenizer.json").write_text("{}")
    with pytest.raises(ArtefactCorrupt, match=r"tokenizer\.json"):
        Tokenizer(tmp_path / "tokenizer.json", 5, END)


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("red boat red", "red boat red"),
        ("red boat red boat red", "red boat red"),
        ("red  boat ? boat", "red  boat ?"),
        ("red boat red? boat", "red boat"),  # never half of what stands between two spaces
        ("red-boat-red-boat", "red-boat"),
        ("", ""),
    ],
)
def test_the_part_of_a_text_that_is_read_ends_with_a_whole_word(tokenizer: Tokenizer, text: str, read: str) -> None:
    assert tokenizer.read_part(text) == read
    kept, whole = (tokenizer.encode([given])[0, 1:-1].tolist() for given in (read, text))
    assert whole[: len(kept)] == kept
