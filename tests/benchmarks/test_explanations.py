"""The benchmark of the check of a language model's sentences: what it is made of, and that the check keeps its aims."""

from types import ModuleType

import pytest

from benchmarks.explanations import held_out_wordings
from benchmarks.explanations.__main__ import FILES, SENTENCES, figures, write_sentences

KINDS = [
    "absent thing",
    "wrong colour",
    "wrong count",
    "wrong binding",
    "verdict reversed",
    "invented reason",
    "injected instruction",
]


@pytest.mark.parametrize("wordings", FILES, ids=lambda file: file.__name__.rpartition(".")[2])
def test_half_of_the_sentences_are_true_and_each_kind_of_fault_is_there(wordings: ModuleType) -> None:
    sentences = write_sentences(wordings, "a seed")
    assert len(sentences) == SENTENCES
    assert [sentence.kind for sentence in sentences].count("true") == SENTENCES // 2
    assert list(dict.fromkeys(sentence.kind for sentence in sentences)) == ["true", *KINDS]
    assert not any("{" in sentence.text for sentence in sentences)


def test_no_wording_stands_in_two_files() -> None:
    lines = [
        line
        for file in FILES
        for text in (file.TRUE, *(text for kind, text in file.WRONG.items() if kind != "injected instruction"))
        for line in set(text.strip().splitlines())
    ]
    assert len(lines) - len(set(lines)) <= 0.02 * len(lines)  # short ones are thought of twice


@pytest.mark.parametrize("seed", ["one", "two"])
def test_on_other_scenes_the_check_keeps_its_aims(seed: str) -> None:
    shares = {kind: share for kind, _, share in figures(write_sentences(held_out_wordings, seed))}
    assert shares["true"] >= 0.9
    assert shares["wrong, all kinds"] >= 0.95
