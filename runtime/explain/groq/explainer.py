"""Why a picture matched, as Groq words it: at most one call a search for all hits, within a deadline.

Sentences that Groq wrote before come from a cache, and while Groq keeps failing it is not called. Every fault ends here, as
one log line and a sentence made from the evidence for the hits concerned.
"""

import logging
import threading
from collections import Counter
from collections.abc import Callable, Hashable, Sequence
from concurrent.futures import Future
from time import monotonic

from cachetools import LRUCache

from runtime.artefacts.remote.breaker import Breaker
from runtime.errors import LookwhyError
from runtime.explain.explainer import Explainer
from runtime.explain.groq.check import find_fault
from runtime.explain.groq.client import GroqClient
from runtime.explain.groq.faults import TOO_LATE, NoAnswer
from runtime.explain.groq.prompt import build_messages, read_sentences
from runtime.explain.options import GroqOptions
from runtime.explain.sentences import EvidenceExplainer
from runtime.search.evidence import Explanation, Hit
from runtime.search.query import ParsedQuery

log = logging.getLogger(__name__)

CACHE_SOURCE = "cache"
MAX_PICTURES = 5  # shown in one call: Groq takes no more
MAX_CALLS = 16  # at once, abandoned ones included: a server that never ends its answer cannot use up all threads
# Reasoning counts towards the completion's limit. At low effort this many tokens are kept for it, and for each sentence.
REASONING_TOKENS, SENTENCE_TOKENS = 320, 45


PictureReader = Callable[[Hit], bytes]


def open_explainer(api_key: str | None, options: GroqOptions, read_picture: PictureReader | None = None) -> Explainer:
    """Return the explainer that asks Groq, or without a key the one that makes no call.

    With `read_picture`, which returns a hit's picture as a small JPEG, the model is shown the pictures, too.
    """
    if not api_key or not api_key.strip():
        return EvidenceExplainer()
    client = GroqClient(api_key, model=options.model, max_tokens=options.max_tokens, base_url=options.base_url)
    return GroqExplainer(
        client, timeout_s=options.timeout_s, cache_size=options.cache_size, breaker=Breaker(), read_picture=read_picture
    )


class GroqExplainer:
    """Asks Groq once a search; a hit that it does not explain well, or in time, is explained from the evidence."""

    def __init__(
        self,
        client: GroqClient,
        *,
        timeout_s: float,
        cache_size: int,
        breaker: Breaker,
        read_picture: PictureReader | None = None,
    ) -> None:
        """Keep the collaborators, and room for `cache_size` sentences; no call is made yet."""
        self._read_picture = read_picture
        self.source = f"groq:{client.model}"
        self._client, self._timeout_s, self._breaker = client, timeout_s, breaker
        self._cache: LRUCache[Hashable, str] = LRUCache(cache_size)
        self._cache_lock = threading.Lock()
        self._local = EvidenceExplainer()
        self._max_hits = max(1, (client.max_tokens - REASONING_TOKENS) // SENTENCE_TOKENS)
        self._free_calls = threading.BoundedSemaphore(MAX_CALLS)

    def explain(self, query: ParsedQuery, hits: Sequence[Hit]) -> list[Explanation]:
        """Return one explanation for each hit, in their order, at most `timeout_s` later.

        Groq explains only as many of the first hits as the token limit has room for, and none of a search by a picture
        alone.
        """
        first = hits[: self._max_hits] if query.wanted.text else []
        cached = self._cached(query, first)
        uncached = [hit for hit in first if hit.row.id not in cached]
        written = self._ask(query, uncached) if uncached else {}
        found = {hit_id: Explanation(text, CACHE_SOURCE) for hit_id, text in cached.items()}
        found |= {hit_id: Explanation(text, self.source) for hit_id, text in written.items()}
        rest = [hit for hit in hits if hit.row.id not in found]
        found |= dict(zip((hit.row.id for hit in rest), self._local.explain(query, rest), strict=True))
        return [found[hit.row.id] for hit in hits]

    def close(self) -> None:
        """Close the connections; a call under way fails."""
        self._client.close()

    def _ask(self, query: ParsedQuery, hits: Sequence[Hit]) -> dict[int, str]:
        """Return Groq's sentences that passed the check, by hit; none where it cannot be asked, or does not answer."""
        if not self._free_calls.acquire(blocking=False):
            log.warning("Groq did not explain, the evidence does: %d calls are still unanswered.", MAX_CALLS)
            return {}
        if not self._breaker.admits():
            self._free_calls.release()
            return {}
        try:
            sentences = self._wait_for_answer(query, hits)
        except NoAnswer as reason:
            rest_s = self._breaker.failed(reason.rest_s)
            pause = f" It is not asked for {rest_s:.0f} s." if rest_s else ""
            log.warning("Groq did not explain, the evidence does: %s.%s", reason, pause)
            return {}
        if self._breaker.succeeded():
            log.warning("Groq explains again.")
        passed = _passed(sentences, query, hits)
        self._keep(passed, query, hits)
        return passed

    def _wait_for_answer(self, query: ParsedQuery, hits: Sequence[Hit]) -> dict[int, str]:
        """Return what Groq wrote of known hits, by hit.

        The call has a thread of its own, which counts as a call until it ends: name resolution, for one, has no timeout. It
        is a daemon thread, so that an abandoned call does not delay the exit.

        Raises:
            NoAnswer: there is none that can be used, or none in time.
        """
        deadline = monotonic() + self._timeout_s
        answer: Future[dict[int, str]] = Future()
        threading.Thread(target=self._settle, args=(answer, query, hits, deadline), name="groq", daemon=True).start()
        try:
            return answer.result(self._timeout_s)
        except TimeoutError:
            raise NoAnswer(TOO_LATE) from None

    def _settle(self, answer: "Future[dict[int, str]]", query: ParsedQuery, hits: Sequence[Hit], deadline: float) -> None:
        """Run in the call's thread: settle the answer with sentences or with the error."""
        try:
            messages = build_messages(query, hits, self._pictures(hits))
            answer.set_result(read_sentences(self._client.complete(messages, deadline), hits))
        except Exception as error:  # of any kind: the waiting thread raises it
            answer.set_exception(error)
        finally:
            self._free_calls.release()

    def _pictures(self, hits: Sequence[Hit]) -> dict[int, bytes]:
        """Return the pictures to show, by hit; a picture that cannot be read is left out."""
        pictures: dict[int, bytes] = {}
        if self._read_picture is None:
            return pictures
        for hit in hits[:MAX_PICTURES]:
            try:
                pictures[hit.row.id] = self._read_picture(hit)
            except LookwhyError as error:
                log.warning("Groq is not shown a picture: %s", error)
        return pictures

    def _cached(self, query: ParsedQuery, hits: Sequence[Hit]) -> dict[int, str]:
        """Return the sentences that were kept from earlier searches, by hit."""
        with self._cache_lock:
            return {hit.row.id: text for hit in hits if (text := self._cache.get(self._key(query, hit)))}

    def _keep(self, sentences: dict[int, str], query: ParsedQuery, hits: Sequence[Hit]) -> None:
        if not self._cache.maxsize:  # a cache of size 0 raises for every value
            return
        with self._cache_lock:
            self._cache.update({self._key(query, hit): sentences[hit.row.id] for hit in hits if hit.row.id in sentences})

    def _key(self, query: ParsedQuery, hit: Hit) -> Hashable:
        normalized = " ".join(query.text.lower().split())
        return self.source, normalized, hit.row.id, hit.row.image_path, hit.caption.text, hit.evidence.verdict


def _passed(sentences: dict[int, str], query: ParsedQuery, hits: Sequence[Hit]) -> dict[int, str]:
    """Return the sentences in which the check finds no fault; the log tells how many hits are left to the evidence."""
    written = [hit for hit in hits if hit.row.id in sentences]
    faults = {hit.row.id: fault for hit in written if (fault := find_fault(sentences[hit.row.id], query, hit))}
    passed = {hit_id: text for hit_id, text in sentences.items() if hit_id not in faults}
    if len(passed) < len(hits):
        counts = Counter(faults.values())
        if len(written) < len(hits):
            counts["not explained"] = len(hits) - len(written)
        why = ", ".join(f"{fault} ({count})" for fault, count in counts.items())
        log.warning("Groq explained %d of %d hits, the evidence does the others: %s.", len(passed), len(hits), why)
    return passed
