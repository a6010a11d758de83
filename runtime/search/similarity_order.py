"""All pictures of a library in one order, by nearness to a direction, so that a search can go on from any place in it.

The nearest few come faster from a store's own search (`ranking.py`); this is what comes behind them.
"""

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache, partial

import numpy as np
from numpy.typing import NDArray

from runtime.library.photos.filters import Allowed, Ids
from runtime.stores.protocols import VectorStore

# Of a cosine of 1. Cosines in whole steps differ neither by the processor nor by what stands beside a vector, where those
# of the stores' searches differ in the last digits; within a step, the order of the ids counts.
STEPS = 10_000
ORDERS_REMEMBERED = 8  # 2 bytes a picture each, 8 more while the store is flat


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A place in an order: that of a picture's cosine, in steps, and its id."""

    step: int
    id: int


START = Place(np.iinfo(np.int16).max, 0)


class NearnessOrder:
    """The order for one direction: by cosine in steps, the nearest first, and in one step by id. Any thread may ask."""

    def __init__(self, ids: Ids, cosines: NDArray[np.float64], *, is_filtered: bool = False) -> None:
        """Keep the ids of pictures, (n,) ascending, and their cosines, (n,); `is_filtered`: they are the allowed ones."""
        self._ids, self._is_filtered = ids, is_filtered
        self._steps = np.rint(np.nan_to_num(cosines, nan=-1) * STEPS).astype(np.int16)

    def behind(self, place: Place, count: int, allowed: Allowed | None, left_out: Ids) -> list[int]:
        """Return the ids of the next pictures behind a place, at most `count`.

        Args:
            place: `START`, or the place of a picture, which need not be there any more.
            count: how many at most.
            allowed: only these, as the order was asked for; None for all.
            left_out: none of these, ascending.
        """
        is_wanted = np.ones(self._ids.size, np.bool_)
        if allowed is not None and not self._is_filtered:
            is_wanted = self._are_among(allowed)
        is_wanted &= ~self._are_among(left_out)
        is_wanted &= self._are_behind(self._ids, self._steps, place)
        rows = np.flatnonzero(is_wanted)
        keys = rows - self._steps[rows].astype(np.int64) * self._ids.size  # by step, the largest first, then by id
        count = min(count, rows.size)
        best = np.argpartition(keys, count - 1)[:count] if count else np.empty(0, np.int64)
        found: list[int] = self._ids[rows[best[np.argsort(keys[best])]]].tolist()
        return found

    def place_of(self, image_id: int) -> Place:
        """Return the place of a picture of the store."""
        return Place(int(self._steps[np.searchsorted(self._ids, image_id)]), image_id)

    def are_behind(self, ids: Sequence[int], place: Place) -> list[bool]:
        """Return of each picture whether it stands behind a place; False for one that the store lacks."""
        wanted = np.asarray(ids, np.int64)
        rows = np.minimum(np.searchsorted(self._ids, wanted), max(self._ids.size - 1, 0))
        if not self._ids.size:
            return [False] * len(ids)
        is_there = self._ids[rows] == wanted
        told: list[bool] = (is_there & self._are_behind(wanted, self._steps[rows], place)).tolist()
        return told

    def _are_among(self, ids: Ids) -> NDArray[np.bool_]:
        are_among: NDArray[np.bool_] = np.isin(self._ids, ids, assume_unique=True)
        return are_among

    @staticmethod
    def _are_behind(ids: NDArray[np.int64], steps: NDArray[np.int16], place: Place) -> NDArray[np.bool_]:
        are_behind: NDArray[np.bool_] = (steps < place.step) | ((steps == place.step) & (ids > place.id))
        return are_behind


class NearnessOrders:
    """The orders of one store. The last few are remembered, so that the pages of a search cost one comparison with all."""

    def __init__(self, store: VectorStore) -> None:
        """Keep the store."""
        self.form = f"{type(store).__name__} {store.dimension}"
        """What its cosines depend on beside the models: a clustered store's vectors have fewer digits."""
        self._compares_all = store.compares_all
        self._of = lru_cache(ORDERS_REMEMBERED)(partial(_order_of, store))  # no method, which would be a circle
        self._lock = threading.Lock()

    def of(self, direction: NDArray[np.float32], allowed: Allowed | None = None) -> NearnessOrder:
        """Return the order for a direction, (d,) of norm 1; where the store compares the allowed ones alone, of those."""
        compared_only = None if self._compares_all else allowed  # of one that compares all, the order is of every filter
        with self._lock:  # one at a time reads all vectors; who asks for the same order waits and finds it
            return self._of(direction.astype(np.float32).tobytes(), compared_only)


def _order_of(store: VectorStore, direction: bytes, allowed: Allowed | None) -> NearnessOrder:
    cosines = store.cosines(np.frombuffer(direction, np.float32), allowed=allowed)
    return NearnessOrder(*cosines, is_filtered=not store.compares_all)
