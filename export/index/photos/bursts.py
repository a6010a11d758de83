"""Which photos were shot in one burst: taken within seconds of each other, and more alike than strangers are.

How alike strangers are differs from model to model and from library to library, so it is measured on the library itself.
"""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

SECONDS_MAX = 10
STRANGERS_QUANTILE = 0.9999  # of the cosines of pictures that have nothing to do with each other
STRANGERS_SAMPLED = 2_000
STRANGERS_MIN = 100  # pairs; fewer say nothing
APART_SECONDS = 3_600  # photos taken within an hour may show the same
APART_BITS = 20  # as may pictures whose hashes differ in no more
# Where a library has too few strangers: hashes of strangers differ in 32 bits on average, and in 16 or fewer once in 20,000.
ALIKE_BITS = 16
COMPARED = 8  # photos before each one
PAIRS_AT_ONCE = 4_096
Vectors = NDArray[np.float32]
VectorsOf = Callable[[Sequence[int]], Vectors]


def strangers_cosine(vectors: Vectors, hashes: NDArray[np.uint64], seconds: NDArray[np.float64]) -> float | None:
    """Return the cosine that strangers hardly ever reach; None where there are too few to say.

    Args:
        vectors: (n, d) of some pictures from all over the library.
        hashes: theirs, (n,).
        seconds: when they were taken, (n,); NaN where it is not known.
    """
    one, other = np.triu_indices(len(vectors), 1)
    apart = np.bitwise_count(hashes[one] ^ hashes[other]) > APART_BITS
    apart &= ~(np.abs(seconds[one] - seconds[other]) < APART_SECONDS)  # so that NaN counts as apart
    if apart.sum() < STRANGERS_MIN:
        return None
    cosines = vectors @ vectors.T
    return float(np.quantile(cosines[one[apart], other[apart]], STRANGERS_QUANTILE))


def group_bursts(
    seconds: NDArray[np.float64], hashes: NDArray[np.uint64], vectors_of: VectorsOf, least_cosine: float | None
) -> NDArray[np.int64]:
    """Return the number of the earliest of its burst for each photo, which is its own where it is in none.

    A photo belongs to a burst if it is like one of it that was taken at most `SECONDS_MAX` before.

    Args:
        seconds: when each was taken, (n,), ascending.
        hashes: theirs, (n,).
        vectors_of: the vectors, (k, d), of some by number.
        least_cosine: what `strangers_cosine` returned.
    """
    firsts = np.arange(len(seconds))
    for later, earlier in _alike(seconds, hashes, vectors_of, least_cosine):
        firsts[later] = firsts[earlier]
    return firsts


def _alike(
    seconds: NDArray[np.float64], hashes: NDArray[np.uint64], vectors_of: VectorsOf, least_cosine: float | None
) -> list[tuple[int, int]]:
    """Return each photo that is like an earlier one, with the one nearest before it, in their order."""
    nearest: dict[int, int] = {}
    for back in range(1, min(COMPARED, len(seconds) - 1) + 1):
        later = np.nonzero(seconds[back:] - seconds[:-back] <= SECONDS_MAX)[0] + back
        later = np.array([one for one in later.tolist() if one not in nearest], np.int64)
        for start in range(0, len(later), PAIRS_AT_ONCE):
            part = later[start : start + PAIRS_AT_ONCE]
            if least_cosine is None:
                agree = np.bitwise_count(hashes[part] ^ hashes[part - back]) <= ALIKE_BITS
            else:
                pairs = vectors_of(part.tolist()) * vectors_of((part - back).tolist())
                agree = pairs.sum(axis=1) > least_cosine
            nearest |= {one: one - back for one in part[agree].tolist()}
    return sorted(nearest.items())
