"""What is measured for the gates, and that each can be missed."""

from typing import Any

import numpy as np
import pytest

from export.precision.gates import GateMissed, GateResult, Gates, cosines_between, name_layers, overlap_at, token_agreement

GOOD = np.array([1.0, 0.9995])


def make_result(**changed: Any) -> GateResult:
    given: dict[str, Any] = {
        "cosines": {"clip/text.onnx embedding": GOOD},
        "family_measures": {"ranking of pictures": {"overlap_at_10": 0.97}},
        "losses": {"clip/text.onnx": 0.0001, "clip/image.onnx": 0.0002},
    }
    return GateResult(**(given | changed))


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


def test_what_meets_every_gate_misses_none() -> None:
    assert not make_result().find_misses(Gates())
    assert make_result().measures["clip/text.onnx embedding"] == {"cosine_mean": 0.99975, "cosine_worst": 0.9995}


@pytest.mark.parametrize(
    ("changed", "measure", "graph"),
    [
        ({"cosines": {"clip/text.onnx embedding": np.array([0.998, 0.9985])}}, "cosine_mean", "clip/text.onnx"),
        ({"cosines": {"clip/image.onnx embedding": np.array([*[1.0] * 99, 0.98])}}, "cosine_worst", "clip/image.onnx"),
        ({"family_measures": {"ranking of pictures": {"overlap_at_10": 0.89}}}, "overlap_at_10", "clip/image.onnx"),
        (
            {"family_measures": {"blip captions": {"token_agreement": np.nan}}},
            "token_agreement",
            "clip/image.onnx",
        ),
    ],
)
def test_each_gate_can_be_missed(changed: dict[str, object], measure: str, graph: str) -> None:
    (miss,) = name_layers(make_result(**changed).find_misses(Gates()), {graph: ["a.layer"]})
    assert (miss.measure, miss.graph, miss.layers) == (measure, graph, ("a.layer",))
    assert not miss.given >= miss.allowed


def test_all_missed_gates_stand_in_one_message_each_with_its_numbers_and_costliest_layers() -> None:
    result = make_result(
        cosines={"clip/text.onnx embedding": np.array([0.9, 0.8])},
        family_measures={"ranking of pictures": {"overlap_at_10": 0.5}},
    )
    misses = name_layers(
        result.find_misses(Gates()), {"clip/text.onnx": ["fc1", "fc2"], "clip/image.onnx": ["visual_projection"]}
    )
    error = GateMissed(misses)
    assert error.misses == tuple(misses)
    assert str(error).splitlines() == [
        "The quantized graphs missed 3 gates. Nothing was replaced. Lower the gates, or let layers be chosen "
        "(--precision planned), or stay exact (fp32).",
        "  clip/text.onnx embedding: cosine_mean is 0.85, allowed is 0.999. The layers that cost most: fc1, fc2.",
        "  clip/text.onnx embedding: cosine_worst is 0.8, allowed is 0.99. The layers that cost most: fc1, fc2.",
        "  ranking of pictures: overlap_at_10 is 0.5, allowed is 0.9. The layers that cost most: visual_projection.",
    ]


def test_gates_are_the_user_s_to_set() -> None:
    low = make_result(cosines={"clip/text.onnx embedding": np.array([0.9])})
    assert low.find_misses(Gates())
    assert not low.find_misses(Gates(cosine_mean=0.8, cosine_worst=0.8))
