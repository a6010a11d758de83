"""What every store of vectors can do. Knows no store: each has a file of its own beside this one."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from runtime.library.photos.filters import Allowed

if TYPE_CHECKING:
    from runtime.library.remote.rows import PictureRows


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

    @property
    def compares_all(self) -> bool:
        """Whether `cosines` is of all vectors; otherwise it is of the nearest that are allowed."""
        ...

    def search(
        self, vectors: NDArray[np.float32], k: int, *, allowed: Allowed | None = None
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Find the k nearest of each query, best first.

        Args:
            vectors: (n, d) float32, each row of L2 norm 1.
            k: how many are wanted; a store that holds fewer gives all it has.
            allowed: the pictures to search among; ids that the store lacks are passed over. None for all of the store.

        Returns:
            ids, (n, min(k, count)) int64, and their cosines, of the same shape, float32 in [-1, 1]. With `allowed`, count is
            the number of those. An engine on another machine may give fewer, as it limits what one answer holds.
        """
        ...

    def cosines(
        self, vector: NDArray[np.float32], *, allowed: Allowed | None = None
    ) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Compare a vector, (d,), with all of the store; exactly, and the same on every machine, but slower than `search`.

        A store that does not compare all (`compares_all`) gives as many of the nearest, among the allowed, as it can.

        Returns:
            their ids, (c,) ascending, and their cosines in the same order, float64.
        """
        ...


class LibraryStore(VectorStore, Protocol):
    """An engine that holds a whole library: its pictures' vectors, those of their captions, and its rows."""

    @property
    def captions(self) -> VectorSource | None:
        """The captions' vectors; None where no picture has one."""
        ...

    @property
    def rows(self) -> "PictureRows":
        """The rows."""
        ...
