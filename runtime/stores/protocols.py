"""What every store of vectors can do. Knows no store: each has a file of its own beside this one."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray


class VectorSource(Protocol):
    """Unit vectors by id."""

    @property
    def dimension(self) -> int:
        """The length of every vector."""
        ...

    @property
    def count(self) -> int:
        """How many vectors there are."""
        ...

    def vectors_of(self, ids: Sequence[int]) -> NDArray[np.float32]:
        """Return the vectors of these ids, (n, d) float32, in their order.

        Raises:
            KeyError: an id is unknown.
        """
        ...


class VectorStore(VectorSource, Protocol):
    """Unit vectors by id, searched by cosine."""

    def search(
        self, vectors: NDArray[np.float32], k: int, *, allowed: NDArray[np.int64] | None = None
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Find the k nearest of each query, best first.

        Args:
            vectors: (n, d) float32, each row of L2 norm 1.
            k: how many are wanted; a store that holds fewer gives all it has.
            allowed: the ids to search among, (a,) ascending, each once; ids that the store lacks are passed over. None for
                all of the store.

        Returns:
            ids, (n, min(k, count)) int64, and their cosines, of the same shape, float32 in [-1, 1]. With `allowed`, count is
            the number of those.
        """
        ...

    def cosines(self, vector: NDArray[np.float32]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Compare a vector, (d,), with all of the store; exactly, and the same on every machine, but slower than `search`.

        Returns:
            all ids, (count,) ascending, and their cosines in the same order, float64.
        """
        ...
