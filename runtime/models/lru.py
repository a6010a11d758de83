"""What was made before, kept for when it is asked for again: bounded, the least used goes first.

Knows nothing of what it keeps: vectors of queries, Groq's sentences.
"""

import threading
from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

Kept = TypeVar("Kept")


class Lru(Generic[Kept]):
    """Values by whatever they depend on. Threads may share it."""

    def __init__(self, max_entries: int) -> None:
        """Keep up to `max_entries` values; with 0, none."""
        self._max_entries = max_entries
        self._values: OrderedDict[Hashable, Kept] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Hashable) -> Kept | None:
        """Return the value, which counts as a use of it, or None."""
        with self._lock:
            if key not in self._values:
                return None
            self._values.move_to_end(key)
            return self._values[key]

    def put(self, key: Hashable, value: Kept) -> None:
        """Keep the value; past the limit, the one that was not used for the longest time goes."""
        with self._lock:
            self._values[key] = value
            self._values.move_to_end(key)
            while len(self._values) > self._max_entries:
                self._values.popitem(last=False)
