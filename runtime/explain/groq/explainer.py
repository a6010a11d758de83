"""Why a picture matched, in Groq's words: at most one call a search for all hits, within a deadline.

What Groq said before comes from the cache, and while it keeps failing nobody asks. Whatever goes wrong ends here, as one log
line and a local sentence for the hits concerned.
"""

import logging
import threading
from collections import Counter
from collections.abc import Hashable, Sequence
from concurrent.futures import Future
from time import monotonic

from runtime.explain.explainer import Explainer, Explanation, HitFacts
from runtime.explain.groq.breaker import Breaker
from runtime.explain.groq.check import find_fault
from runtime.explain.groq.client import GroqClient
from runtime.explain.groq.faults import TOO_LATE, NoAnswer
from runtime.explain.groq.prompt import build_messages, read_sentences
from runtime.explain.sentences import EvidenceExplainer
from runtime.models.lru import Lru
from runtime.search.words import read_wish

log = logging.getLogger(__name__)

CACHE_SOURCE = "cache"
CACHE_SIZE = 2048
MAX_CALLS = 16  # under way at once, those given up included: a server that drips for ever cannot pile up threads
# Reasoning counts into the completion's limit. At low effort this much is kept for it, and this much for each sentence.
REASONING_TOKENS, SENTENCE_TOKENS = 320, 45


def open_explainer(
    api_key: str | None,
    *,
    model: str,
    max_tokens: int,
    timeout_s: float,
    base_url: str | None = None,
    cache_size: int = CACHE_SIZE,
) -> Explainer:
    """Return the explainer that asks Groq, or without a key the one that calls nobody."""
    if not api_key or not api_key.strip():
        return EvidenceExplainer()
    client = GroqClient(api_key, model=model, max_tokens=max_tokens, base_url=base_url)
    return GroqExplainer(client, timeout_s=timeout_s, cache=Lru(cache_size), breaker=Breaker())


class GroqExplainer:
    """Asks Groq once a search; a hit that it does not explain well, or in time, is explained from the evidence."""

    def __init__(self, client: GroqClient, *, timeout_s: float, cache: Lru[str], breaker: Breaker) -> None:
        """Keep the collaborators; nobody is called yet."""
        self.source = f"groq:{client.model}"
        self._client, self._timeout_s, self._cache, self._breaker = client, timeout_s, cache, breaker
        self._local = EvidenceExplainer()
        self._max_hits = max(1, (client.max_tokens - REASONING_TOKENS) // SENTENCE_TOKENS)
        self._places = threading.BoundedSemaphore(MAX_CALLS)

    def explain(self, query: str, hits: Sequence[HitFacts]) -> list[Explanation]:
        """Return one explanation for each hit, in their order, at most `timeout_s` later.

        Only as many of the first hits as the token limit has room for are Groq's to explain, and none of a search by a
        picture alone.
        """
        wish = read_wish(query)
        theirs = hits[: self._max_hits] if wish.wanted else []
        cached = {hit.id: text for hit in theirs if (text := self._cache.get(self._key(query, hit)))}
        asked = [hit for hit in theirs if hit.id not in cached]
        written = self._ask(query, asked) if asked else {}
        found = {hit_id: Explanation(text, CACHE_SOURCE) for hit_id, text in cached.items()}
        found |= {hit_id: Explanation(text, self.source) for hit_id, text in written.items()}
        rest = [hit for hit in hits if hit.id not in found]
        found |= dict(zip((hit.id for hit in rest), self._local.explain(query, rest), strict=True))
        return [found[hit.id] for hit in hits]

    def close(self) -> None:
        """Close the connections; a call under way fails."""
        self._client.close()

    def _ask(self, query: str, hits: Sequence[HitFacts]) -> dict[int, str]:
        """Return Groq's sentences that passed the check, by hit; none where it cannot be asked, or does not answer."""
        if not self._places.acquire(blocking=False):
            log.warning("Groq did not explain, the evidence does: %d calls are still unanswered.", MAX_CALLS)
            return {}
        if not self._breaker.admits():
            self._places.release()
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
        for hit in hits:
            if hit.id in passed:
                self._cache.put(self._key(query, hit), passed[hit.id])
        return passed

    def _wait_for_answer(self, query: str, hits: Sequence[HitFacts]) -> dict[int, str]:
        """Return what Groq wrote of known hits, by hit.

        The call has a thread of its own, which gives up a place in the end: name resolution, for one, has no timeout. A
        daemon's, so that an abandoned call does not hold up the exit.

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

    def _settle(self, answer: "Future[dict[int, str]]", query: str, hits: Sequence[HitFacts], deadline: float) -> None:
        """Run in the call's thread: settle the answer with sentences or with what went wrong."""
        try:
            answer.set_result(read_sentences(self._client.complete(build_messages(query, hits), deadline), hits))
        except Exception as error:  # handed over whole: the waiting thread raises what it does not know
            answer.set_exception(error)
        finally:
            self._places.release()

    def _key(self, query: str, hit: HitFacts) -> Hashable:
        asked = " ".join(query.lower().split())
        return self.source, asked, hit.id, hit.image_path, hit.caption, hit.evidence.verdict


def _passed(sentences: dict[int, str], query: str, hits: Sequence[HitFacts]) -> dict[int, str]:
    """Return the sentences in which the check finds no fault; the log says how many hits that leaves to the evidence."""
    written = [hit for hit in hits if hit.id in sentences]
    faults = {hit.id: fault for hit in written if (fault := find_fault(sentences[hit.id], query, hit))}
    passed = {hit_id: text for hit_id, text in sentences.items() if hit_id not in faults}
    if len(passed) < len(hits):
        counts = Counter(faults.values())
        if len(written) < len(hits):
            counts["not explained"] = len(hits) - len(written)
        why = ", ".join(f"{fault} ({count})" for fault, count in counts.items())
        log.warning("Groq explained %d of %d hits, the evidence does the others: %s.", len(passed), len(hits), why)
    return passed
