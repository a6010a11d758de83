"""The gate between torch and the exact graphs, on made-up answers."""

import numpy as np
import pytest

from export.models.parity import make_probe_pixels, require_parity
from export.precision.gates import ParityFailed

VECTORS = np.eye(3, dtype=np.float32)
CAPTIONS = np.array([[4, 5, 0], [6, 0, 0]])


def test_equal_answers_pass_and_are_measured() -> None:
    measures = require_parity(
        {"g embedding": VECTORS, "g captions": CAPTIONS}, {"g embedding": VECTORS, "g captions": CAPTIONS}
    )
    assert measures == {
        "g embedding": {"max_difference_to_torch": 0.0},
        "g captions": {"differing_from_torch": 0, "compared": 2},
    }


@pytest.mark.parametrize("off", [2e-4, np.nan])
def test_a_vector_too_far_off_fails_the_export(off: float) -> None:
    with pytest.raises(ParityFailed, match=r"g embedding: the largest difference from torch is .*, allowed is 0\.0001"):
        require_parity({"g embedding": VECTORS}, {"g embedding": VECTORS + np.float32(off)})


def test_one_other_token_fails_the_export() -> None:
    other = CAPTIONS.copy()
    other[1, 0] = 7
    with pytest.raises(ParityFailed, match="number of captions unlike torch's is 1"):
        require_parity({"g captions": CAPTIONS}, {"g captions": other})


def test_every_output_that_differs_is_named() -> None:
    expected = {"g embedding": VECTORS, "g captions": CAPTIONS, "h embedding": VECTORS}
    with pytest.raises(ParityFailed) as caught:
        require_parity(expected, {"g embedding": VECTORS + 1, "g captions": CAPTIONS + 1, "h embedding": VECTORS})
    assert [miss.subject for miss in caught.value.misses] == ["g embedding", "g captions"]
    assert "g embedding: the largest" in str(caught.value)
    assert "g captions: the number of captions unlike torch's is 2, allowed is 0." in str(caught.value)


def test_probe_pixels_are_the_same_each_time_and_differ_from_one_another() -> None:
    pixels = make_probe_pixels(32)
    assert pixels.shape == (8, 3, 32, 32)
    assert np.array_equal(pixels, make_probe_pixels(32))
    assert len({image.tobytes() for image in pixels}) == 8
