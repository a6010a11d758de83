"""What is measured for the gates, and that each can be missed."""

from typing import Any

import numpy as np
import pytest

from export.errors import GateMissed
from export.precision.gates import Gates, Judgement, cosines_between, overlap_at, token_agreement

GOOD = np.array([1.0, 0.9995])


def judge(**changed: Any) -> Judgement:
    given: dict[str, Any] = {
        "cosines": {"clip/text.onnx embedding": GOOD},
        "shares": {"clip ranking": {"overlap_at_10": 0.97}},
        "losses": {"clip/text.onnx": 0.0001, "clip/image.onnx": 0.0002},
    }
    return Judgement(**(given | changed))


def test_cosines_are_between_rows_and_nothing_is_no_agreement() -> None:
    one = np.array([[1, 0], [1, 1], [0, 0], [np.nan, 1]], np.float32)
    other = np.array([[2, 0], [1, -1], [1, 0], [1, 1]], np.float32)
    assert cosines_between(one, other).tolist() == pytest.approx([1, 0, -1, -1])


def test_overlap_is_the_share_of_the_first_k_that_stay() -> None:
    exact = np.array([[5, 4, 3, 2, 1.0]])
    assert overlap_at(2, exact, np.array([[5, 1, 4, 3, 2.0]])) == 0.5
    assert overlap_at(3, exact, exact) == 1
    assert overlap_at(10, exact, -exact) == 1  # all of five are among the first ten


def test_a_toss_up_between_tokens_may_fall_either_way_and_a_clear_choice_may_not() -> None:
    exact = np.array([[2.0, 1.95, 0], [2.0, 1.5, 0], [2.0, 1.0, 0], [0, 0, 3.0]], np.float32)
    given = np.array([[1.9, 2.0, 0], [1.9, 2.0, 0], [2.0, 1.0, 0], [0, 0, 1.0]], np.float32)
    assert token_agreement(exact, given) == {"token_agreement": 0.75, "tokens_equal": 0.5}


def test_what_meets_every_gate_is_let_through() -> None:
    judge().require(Gates(), {})
    assert judge().measures["clip/text.onnx embedding"] == {"cosine_mean": 0.99975, "cosine_worst": 0.9995}


@pytest.mark.parametrize(
    ("changed", "measure", "blamed"),
    [
        ({"cosines": {"clip/text.onnx embedding": np.array([0.998, 0.9985])}}, "cosine_mean", "clip/text.onnx"),
        ({"cosines": {"clip/image.onnx embedding": np.array([*[1.0] * 99, 0.98])}}, "cosine_worst", "clip/image.onnx"),
        ({"shares": {"clip ranking": {"overlap_at_10": 0.89}}}, "overlap_at_10", "clip/image.onnx"),
        (
            {"shares": {"blip captions": {"token_agreement": np.nan}}},
            "token_agreement",
            "clip/image.onnx",
        ),
    ],
)
def test_each_gate_can_be_missed(changed: dict[str, object], measure: str, blamed: str) -> None:
    (miss,) = judge(**changed).missed(Gates())
    assert (miss.measure, miss.graph) == (measure, blamed)
    with pytest.raises(GateMissed, match=rf"missed the gate: {measure} is .*The layers that cost most: a\.layer"):
        judge(**changed).require(Gates(), {blamed: ["a.layer"]})


def test_gates_are_the_user_s_to_set() -> None:
    low = judge(cosines={"clip/text.onnx embedding": np.array([0.9])})
    assert low.missed(Gates())
    assert not low.missed(Gates(cosine_mean=0.8, cosine_worst=0.8))
