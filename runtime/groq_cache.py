"""The sentences that Groq wrote and that passed the check, kept for the same search: bounded, the least used go first."""

import threading
from collections import OrderedDict
from collections.abc import Hashable


class SentenceCache:
    """Sentences by whatever they depend on. Threads may share it."""

    def __init__(self, max_entries: int) -> None:
        """Keep up to `max_entries` sentences; with 0, none."""
        self._max_entries = max_entries
        self._sentences: OrderedDict[Hashable, str] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Hashable) -> str | None:
        """Return the sentence, which counts as a use of it, or None."""
        with self._lock:
            if key not in self._sentences:
                return None
            self._sentences.move_to_end(key)
            return self._sentences[key]

    def put(self, key: Hashable, sentence: str) -> None:
        """Keep the sentence; past the limit, the one that was not used for the longest time goes."""
        with self._lock:
            self._sentences[key] = sentence
            self._sentences.move_to_end(key)
            while len(self._sentences) > self._max_entries:
                self._sentences.popitem(last=False)
