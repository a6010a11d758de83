"""Which contents of a library are copies of one another: the rule, and the groups that it makes.

Two contents are copies if their perceptual hashes differ in few bits, what is fine in them agrees, and no clock says that
they were taken at different times. The hash alone is not enough: of drawn scenes it calls one pair in 20,000 copies, and of
scanned pages of text one pair in eight (`benchmarks/library/copies.py`).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from runtime.images.phash import details

HASH_BITS_MAX = 10
# Of copies saved again, made smaller, brightened or marked: .93 at least. Of other drawn scenes and other pages whose hashes
# are as near: .77 and .82 at most. Of pictures moved by a hundredth, as in a burst: .53 to .95. Measured by
# `benchmarks/library/copies.py`.
DETAILS_MIN = 0.9
Numbers = NDArray[np.int64]
LaterNear = Callable[[int], Numbers]
"""From a content's number to those of later contents whose hashes differ from its own in `HASH_BITS_MAX` bits or fewer."""


@dataclass(frozen=True, slots=True)
class Taken:
    """When a photo was taken: local time as far as it is known, as ISO 8601 writes it, and by which clock.

    Times by the same clock can be compared; of others it is not known how far they lie apart.
    """

    text: str
    clock: str

    def differs_from(self, other: "Taken") -> bool:
        """Return whether both are certainly different times."""
        length = min(len(self.text), len(other.text))
        return self.clock == other.clock and self.text[:length] != other.text[:length]


def group_contents(
    near: LaterNear, taken: Sequence[Taken | None], greys_of: Callable[[Sequence[int]], NDArray[np.uint8]]
) -> Numbers:
    """Return the number of the first of its group for each content, which is its own where it has no copies.

    Contents are numbered so that the one to be shown of a group comes before the others. Each of a group is a copy of its
    first, and not only of another one: chains of copies of copies would lead far.

    Args:
        near: which later contents have hashes like a content's.
        taken: when each was taken, None where no clock says.
        greys_of: the greys, (n, GREY_EDGE ** 2), of some contents by number.
    """
    firsts = np.arange(len(taken))
    for number in range(len(taken)):
        if firsts[number] != number:
            continue
        likely = near(number)
        likely = likely[firsts[likely] == likely]
        if not likely.size:
            continue
        own, *others = details(greys_of([number, *likely.tolist()]))
        agree = np.stack(others) @ own >= DETAILS_MIN
        time = taken[number]
        for other in likely[agree].tolist():
            its_time = taken[other]
            if time is None or its_time is None or not time.differs_from(its_time):
                firsts[other] = number
                time = time or its_time
    return firsts


def near_among_all(hashes: NDArray[np.uint64]) -> LaterNear:
    """Return a `LaterNear` that compares all (n,) hashes: 1.2 s for 50,000 on one core."""

    def near(number: int) -> Numbers:
        differing = np.bitwise_count(hashes[number + 1 :] ^ hashes[number])
        return np.nonzero(differing <= HASH_BITS_MAX)[0] + number + 1

    return near


def near_among_pairs(hashes: NDArray[np.uint64], pairs: Numbers) -> LaterNear:
    """Return a `LaterNear` that compares the hashes of (p, 2) pairs alone."""
    pairs = np.sort(pairs, axis=1)
    differing = np.bitwise_count(hashes[pairs[:, 0]] ^ hashes[pairs[:, 1]])
    pairs = np.unique(pairs[(differing <= HASH_BITS_MAX) & (pairs[:, 0] != pairs[:, 1])], axis=0)
    starts = np.searchsorted(pairs[:, 0], np.arange(len(hashes) + 1))

    def near(number: int) -> Numbers:
        return pairs[starts[number] : starts[number + 1], 1]

    return near
