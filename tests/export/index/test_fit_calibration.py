"""Questions out of captions, and the logistic fitted to their answers."""

import io
import random
from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray
from rich.console import Console

from export.index.caption_questions import CaptionQuestions, ContentTerms
from export.index.catalog import IndexedImage
from export.index.fit_calibration import PICTURES_MIN, calibrate
from export.index.logistic import auroc, fit_logistic
from runtime.artefacts.match_calibration import QueryContext
from runtime.stores.flat import FlatStore

CAPTIONS = ["a red boat on the sea", "a blue boat", "two red boats next to a blue house", "", "on the"]


def test_questions_are_runs_of_words_with_something_to_see_in_them() -> None:
    questions, rng = CaptionQuestions(CAPTIONS), random.Random(1)
    asked = {" ".join(questions.draw(rng)) for _ in range(300)}
    assert {"a blue boat", "boat", "red boats", "a red boat on the sea"} <= asked
    assert not any(question.endswith((" the", " a", " on")) or question.startswith("on ") for question in asked)


def test_a_caption_answers_what_it_says_in_any_number() -> None:
    assert CaptionQuestions(CAPTIONS).answers(["red", "boat"]) == {0, 2}


def test_words_that_stand_side_by_side_must_do_so_in_the_answer() -> None:
    assert CaptionQuestions(CAPTIONS).answers(["blue", "boat"]) == {1}
    assert CaptionQuestions(CAPTIONS).answers(["a", "blue", "thing"]) == set()


def test_articles_between_words_keep_them_apart() -> None:
    assert ContentTerms.of(["a", "red", "boat", "and", "a", "house"]).pairs == {("red", "boat")}


def test_a_library_without_captions_cannot_be_asked() -> None:
    assert not CaptionQuestions(["", "of the"]).exist


def test_logistic_finds_the_weights_that_made_the_labels() -> None:
    rng = np.random.default_rng(0)
    features = rng.normal(size=(20_000, 3)) * [1, 0.1, 10] + [0, 1, 5]
    truth = np.array([1.0, -8.0, 0.05])
    holds = (rng.random(len(features)) < 1 / (1 + np.exp(-(features @ truth + 8)))).astype(float)
    fitted = fit_logistic(features, holds)
    assert (fitted.score, fitted.mean_score, fitted.log_words) == pytest.approx(tuple(truth), rel=0.1)
    assert fitted.bias == pytest.approx(8, rel=0.1)


def test_examples_that_fall_wholly_apart_still_give_finite_weights() -> None:
    fitted = fit_logistic(np.array([[0.0, 0, 0], [1, 0, 0]] * 50), np.array([0.0, 1] * 50))
    assert np.isfinite(list(fitted.model_dump().values())).all()
    assert fitted.score > 0


def test_auroc_counts_ties_half() -> None:
    assert auroc(np.array([1.0, 2.0]), np.array([0.0, 1.0])) == pytest.approx(3.5 / 4)
    assert auroc(np.array([0.5]), np.array([0.5])) == 0.5


class WordEncoder:
    """Embeds a text as its words, each a fixed random direction."""

    dimension = 64

    def embed_texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        rows = [sum(self._direction(word) for word in text.split()) for text in texts]
        return np.stack([row / np.linalg.norm(row) for row in rows]).astype(np.float32)

    def _direction(self, word: str) -> np.ndarray:
        return np.random.default_rng(sum(map(ord, word))).standard_normal(self.dimension)


def make_library(count: int) -> tuple[list[IndexedImage], FlatStore, FlatStore]:
    """Pictures that look like what their captions say, with some noise."""
    encoder, rng = WordEncoder(), np.random.default_rng(2)
    colours, things = ["red", "blue", "green", "white"], ["boat", "house", "dog", "kite", "tree", "car"]
    captions = [f"{colours[i % 4]} {things[i // 4 % 6]} near {things[(i // 3 + 1) % 6]}" for i in range(count)]
    rows = [IndexedImage(i + 1, f"{i}.jpg", str(i), 1, 1, 1, text, 1) for i, text in enumerate(captions)]
    texts = encoder.embed_texts(captions)
    pictures = (texts + 0.08 * rng.standard_normal(texts.shape)).astype(np.float32)
    stores = FlatStore(encoder.dimension), FlatStore(encoder.dimension)
    for store, vectors in zip(stores, (pictures, texts), strict=True):
        store.add([row.id for row in rows], (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32))
    return rows, *stores


def test_a_fitted_library_knows_its_pictures_from_what_it_lacks() -> None:
    rows, pictures, captions = make_library(96)
    encoder = WordEncoder()
    calibration = calibrate(rows, pictures, captions, encoder.embed_texts, Console(file=io.StringIO()))
    assert calibration
    assert calibration.fit["auroc"] > 0.9
    chances = {}
    for query in ("red boat", "purple elephant"):
        [text] = encoder.embed_texts([query])
        ids, scores = pictures.search(text[None], 10)
        heard = captions.vectors_of(ids[0]) @ text
        context = calibration.query_context(text, 2, heard)
        assert isinstance(context, QueryContext)
        chances[query] = calibration.probabilities(context, scores[0], heard).max()
    assert chances["red boat"] > 0.8
    assert chances["purple elephant"] < 0.2


def test_the_same_library_gets_the_same_calibration() -> None:
    made = [calibrate(*make_library(48), WordEncoder().embed_texts, Console(file=io.StringIO())) for _ in range(2)]
    assert made[0] is not None
    assert made[0] == made[1]


@pytest.mark.parametrize("count", [1, PICTURES_MIN - 1])
def test_too_few_captions_give_no_calibration(count: int) -> None:
    assert calibrate(*make_library(count), WordEncoder().embed_texts, Console(file=io.StringIO())) is None


def test_captions_that_are_all_alike_give_no_calibration() -> None:
    rows, pictures, captions = make_library(40)
    alike = [IndexedImage(row.id, row.image_path, row.sha256, 1, 1, 1, "a boat", 1) for row in rows]
    assert calibrate(alike, pictures, captions, WordEncoder().embed_texts, Console(file=io.StringIO())) is None
