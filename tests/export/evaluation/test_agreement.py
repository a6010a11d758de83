"""Agreement of two models, and caption scores, on answers that can be counted by hand."""

import numpy as np
import pytest

from export.evaluation.agreement import measure_agreement
from export.evaluation.caption_scores import score_captions
from export.evaluation.model_outputs import ModelOutputs, TokenizedCaption, Vectors

AXES = np.eye(12, dtype=np.float32)


def answers(images: Vectors, texts: Vectors, captions: list[TokenizedCaption] | None = None) -> ModelOutputs:
    return ModelOutputs(images, texts, captions)


def test_the_same_answers_agree_wholly() -> None:
    said = [TokenizedCaption((7, 8), "a boat")] * 12
    agreement = measure_agreement(answers(AXES, AXES, said), answers(AXES, AXES, said))
    assert agreement.text_cosine_worst == agreement.image_cosine_mean == agreement.overlap_at_10 == 1.0
    assert agreement.captions is not None
    assert (agreement.captions.captions_equal, agreement.captions.tokens_equal, agreement.captions.chrf) == (1, 1, 100)


def test_cosines_and_overlap_counted_by_hand() -> None:
    exact = np.array([[-float(place) for place in range(12)]], np.float32)  # pictures 0 to 9 are the first ten
    turned = exact[:, [10, 11, *range(2, 10), 0, 1]]  # pictures 2 to 11 are
    agreement = measure_agreement(answers(AXES, exact), answers(AXES, turned))
    assert agreement.overlap_at_10 == pytest.approx(0.8)
    images = AXES.copy()
    images[0, :2] = (0.6, 0.8)
    agreement = measure_agreement(answers(AXES, exact), answers(images, exact))
    assert agreement.image_cosine_worst == pytest.approx(0.6)
    assert agreement.image_cosine_mean == pytest.approx((11 + 0.6) / 12)


def test_captions_are_compared_place_by_place() -> None:
    exact = [TokenizedCaption((1, 2, 3), "a red boat"), TokenizedCaption((1, 2), "a cat")]
    quantized = [TokenizedCaption((1, 9, 3, 4), "a big boat now"), TokenizedCaption((1, 2), "a cat")]
    agreement = measure_agreement(answers(AXES, AXES, exact), answers(AXES, AXES, quantized)).captions
    assert agreement is not None
    assert agreement.captions_equal == 0.5
    assert agreement.tokens_equal == pytest.approx(4 / 6)
    assert 0 < agreement.chrf < 100


def test_ten_pictures_have_no_overlap_to_speak_of_and_one_captioner_nothing_to_agree_with() -> None:
    few = AXES[:10]
    agreement = measure_agreement(answers(few, few, []), answers(few, few))
    assert agreement.overlap_at_10 is None
    assert agreement.captions is None


def test_caption_scores_take_all_references_and_no_account_of_case() -> None:
    references = [["two birds above a house", "birds fly over a red house"], ["a black cat on a green tree"]]
    best = score_captions(["Birds fly over a red house", "a black cat on a green tree"], references)
    assert best.bleu4 == pytest.approx(100)
    assert best.chrf == pytest.approx(100)
    worse = score_captions(["birds fly over a red boat", "a cat on a tree"], references)
    assert 0 < worse.bleu4 < 60
    assert 0 < worse.chrf < 90
    for signature in (best.bleu4_signature, best.chrf_signature):
        assert "nrefs:var|case:lc" in signature
        assert "version:2.6.0" in signature
