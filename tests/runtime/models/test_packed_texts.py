"""A text and its shortened forms in one row: what stands there, what sees what, and the vectors that come of it."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from runtime.artefacts.manifest import read_models_manifest
from runtime.models.clip import ClipEncoder
from runtime.models.onnx_session import Array
from runtime.models.packed_texts import HIDDEN, POSITION_SHIFTS, READ_AT, pack_texts, without_padding
from runtime.search.words import content_words, without_word

MODELS = Path("sample/models")
START, END, RED, BOAT, SEA = 90, 91, 1, 2, 3
QUERIES = [
    "a boat",
    "boat",
    "a red boat and a red castle in the rain",
    "two birds above a green tree at sunset",
    "red " * 60,
]


@pytest.fixture(scope="module")
def encoder() -> ClipEncoder:
    return ClipEncoder(MODELS, read_models_manifest(MODELS).clip)


def ids(*tokens: int) -> NDArray[np.int64]:
    return np.array([START, *tokens, END])


def test_of_each_form_only_what_differs_stands_behind_the_text() -> None:
    packed = pack_texts(ids(RED, BOAT, SEA), [ids(BOAT, SEA), ids(RED, SEA), ids(RED, BOAT)])
    assert packed["input_ids"].tolist() == [[START, RED, BOAT, SEA, END, BOAT, SEA, END, SEA, END, END]]
    positions = np.arange(11) + packed[POSITION_SHIFTS]
    assert positions.tolist() == [0, 1, 2, 3, 4, 1, 2, 3, 2, 3, 3]
    assert packed[READ_AT].tolist() == [7, 9, 10]


def test_a_form_sees_its_own_tokens_and_of_the_text_what_it_begins_with() -> None:
    packed = pack_texts(ids(RED, BOAT, SEA), [ids(BOAT, SEA), ids(RED, SEA)])
    hidden, row = packed[HIDDEN][0, 0] < 0, packed["input_ids"][0]
    causal = np.tril(np.ones_like(hidden))
    seen = [row[sees].tolist() for sees in causal.astype(bool) & ~hidden]
    assert seen[:5] == [row[: at + 1].tolist() for at in range(5)], "the text sees no form"
    assert seen[7] == [START, BOAT, SEA, END]
    assert seen[9] == [START, RED, SEA, END]


def test_a_form_that_is_a_beginning_of_the_text_has_its_own_end() -> None:
    packed = pack_texts(ids(RED), [ids(), ids(RED)])
    assert packed["input_ids"].tolist() == [[START, RED, END, END, END]]
    assert packed[READ_AT].tolist() == [3, 4]


def test_padding_is_taken_off_behind_the_first_end() -> None:
    assert without_padding(np.array([START, RED, END, END, END]), END).tolist() == [START, RED, END]
    assert without_padding(np.array([START, RED]), END).tolist() == [START, RED]


@pytest.mark.parametrize("query", QUERIES)
def test_the_vectors_are_those_of_the_text_and_of_each_form(encoder: ClipEncoder, query: str) -> None:
    forms = [without_word(query, word) for word in content_words(query)]
    vectors = encoder.embed_with_shortened(encoder.tokenize([query]), encoder.tokenize(forms))
    alone = encoder.embed_texts([query, *forms])
    assert vectors.shape == alone.shape
    assert (vectors * alone).sum(axis=1).min() > 0.9995, "int8 rounds a batch's tokens by one scale"


def test_it_is_one_run_of_fewer_tokens(encoder: ClipEncoder, monkeypatch: pytest.MonkeyPatch) -> None:
    runs: list[int] = []
    run = encoder._text.run

    def counted(outputs: Sequence[str], inputs: Mapping[str, Array]) -> list[Array]:
        runs.append(inputs["input_ids"].size)
        return run(outputs, inputs)

    monkeypatch.setattr(encoder._text, "run", counted)
    text, forms = (
        encoder.tokenize(["red boats on water"]),
        encoder.tokenize(["boats on water", "red on water", "red boats on"]),
    )
    encoder.embed_with_shortened(text, forms)
    assert len(runs) == 1
    assert runs[0] < text.size + forms.size


def test_a_graph_without_the_inputs_has_two_runs(encoder: ClipEncoder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encoder._text, "optional_inputs", frozenset())
    text, forms = encoder.tokenize(["a red boat"]), encoder.tokenize(["a boat", "a red"])
    given = encoder.embed_with_shortened(text, forms)
    np.testing.assert_array_equal(given, np.concatenate([encoder.embed_tokens(text), encoder.embed_tokens(forms)]))
