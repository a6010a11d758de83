"""Bursts: taken within seconds, and more alike than strangers of the same library."""

from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from export.index.photos.bursts import group_bursts, strangers_cosine

ALIKE = np.array([[1, 0], [0.99, 0.14], [0.98, 0.2], [0, 1]], np.float32)
HASHES = np.array([0, 0, 0, 2**64 - 1], np.uint64)


def group(seconds: list[float], least: float | None = 0.9) -> list[int]:
    def vectors_of(numbers: Sequence[int]) -> NDArray[np.float32]:
        return ALIKE[list(numbers)]

    return [int(first) for first in group_bursts(np.array(seconds), HASHES[: len(seconds)], vectors_of, least)]


def test_alike_within_ten_seconds_of_one_before_is_one_burst() -> None:
    assert group([0, 10, 20]) == [0, 0, 0]
    assert group([0, 11, 20]) == [0, 1, 1]


def test_another_thing_in_the_same_second_is_in_no_burst() -> None:
    assert group([0, 0, 0, 0]) == [0, 0, 0, 3]


def test_without_strangers_to_compare_with_the_hashes_tell() -> None:
    assert group([0, 1, 2, 3], None) == [0, 0, 0, 3]


def test_fewer_than_two_photos_are_no_burst() -> None:
    assert (group([]), group([5])) == ([], [0])


def test_strangers_are_neither_copies_nor_taken_within_an_hour() -> None:
    rng = np.random.default_rng(0)
    vectors = rng.standard_normal((60, 16)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    hashes = rng.integers(0, 2**64, 60, dtype=np.uint64)
    seconds = np.linspace(0, 6e7, 60, dtype=np.float64)
    alone = strangers_cosine(vectors, hashes, seconds)
    assert alone is not None
    assert alone < 0.95
    vectors[1], seconds[1] = vectors[0], seconds[0] + 60  # of the same hour
    vectors[3], hashes[3] = vectors[2], hashes[2]  # a copy
    seconds[5] = np.nan
    assert strangers_cosine(vectors, hashes, seconds) == pytest.approx(alone, abs=0.2)
    assert (strangers_cosine(vectors, hashes, seconds) or 1) < 0.95


def test_too_few_strangers_say_nothing() -> None:
    assert strangers_cosine(ALIKE, HASHES, np.linspace(0, 4e6, 4, dtype=np.float64)) is None
