"""What counts as copies: hashes, details and clocks; and how pairs are found among all, or among given ones."""

from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from export.index.photos.copies import Taken, group_contents, near_among_all, near_among_pairs
from runtime.images.phash import GREY_EDGE

GREYS = np.random.default_rng(0).integers(0, 256, (4, GREY_EDGE**2), dtype=np.uint8)


def with_bits(*bits: int) -> np.uint64:
    return np.uint64(sum(1 << bit for bit in bits))


def group(hashes: Sequence[np.uint64], kinds: Sequence[int], taken: Sequence[Taken | None] | None = None) -> list[int]:
    """Group contents with these hashes, whose greys are those of a kind."""

    def greys_of(numbers: Sequence[int]) -> NDArray[np.uint8]:
        return GREYS[[kinds[number] for number in numbers]]

    firsts = group_contents(near_among_all(np.array(hashes)), taken or [None] * len(hashes), greys_of)
    return [int(first) for first in firsts]


def test_ten_bits_are_near_and_eleven_are_not() -> None:
    assert group([with_bits(), with_bits(*range(10)), with_bits(*range(20, 31))], [0, 0, 0]) == [0, 0, 2]


def test_what_differs_in_details_is_no_copy_whatever_its_hash() -> None:
    assert group([with_bits(), with_bits(), with_bits()], [0, 1, 0]) == [0, 1, 0]


def test_each_is_a_copy_of_the_first_and_not_only_of_another_one() -> None:
    chain = [with_bits(), with_bits(*range(10)), with_bits(*range(20))]
    assert group(chain, [0, 0, 0]) == [0, 0, 2]


@pytest.mark.parametrize(
    ("one", "other", "are_copies"),
    [
        (None, "2019-06-02T14:03:22", True),
        ("2019-06-02T14:03:22", "2019-06-02T14:03:22", True),
        ("2019-06-02T14:03:22", "2019-06-02T14:03:23", False),
        ("2019-06", "2019-06-02T14:03:22", True),
        ("2019-07", "2019-06-02T14:03:22", False),
    ],
)
def test_what_was_taken_at_different_times_is_no_copy(one: str | None, other: str, are_copies: bool) -> None:
    taken = [None if one is None else Taken(one, "camera"), Taken(other, "camera")]
    assert group([with_bits(), with_bits()], [0, 0], taken) == ([0, 0] if are_copies else [0, 1])


def test_times_by_different_clocks_are_not_compared() -> None:
    taken = [Taken("2019-06-02T14:03:22", "camera"), Taken("2019-06-02T12:03:22", "takeout")]
    assert group([with_bits(), with_bits()], [0, 0], taken) == [0, 0]


def test_a_group_has_one_time_also_where_its_first_has_none() -> None:
    taken = [None, Taken("2019-06-02", "camera"), Taken("2019-06-03", "camera")]
    assert group([with_bits()] * 3, [0, 0, 0], taken) == [0, 0, 2]


def test_given_pairs_find_what_all_do_in_either_order_and_nothing_beside() -> None:
    hashes = np.random.default_rng(1).integers(0, 2**64, 40, dtype=np.uint64)
    hashes[30:] = hashes[:10] ^ with_bits(3, 7)
    pairs = np.array([(at + 30, at) for at in range(9)] + [(5, 5), (0, 30), (1, 2)])
    among_all, among_pairs = near_among_all(hashes), near_among_pairs(hashes, pairs)
    assert [among_pairs(at).tolist() for at in range(9)] == [among_all(at).tolist() for at in range(9)]
    assert (among_all(9).tolist(), among_pairs(9).tolist()) == ([39], [])
