"""Why a picture matched, in Groq's words: one call for all hits, within a deadline, and what its faults mean.

The only file that knows Groq's package, which is imported at the first call (208 ms). Whatever goes wrong there ends
here, as one log line and a local sentence for the hits concerned. What is asked and how the answer is read: `groq_form.py`.
"""

import logging
import threading
from collections.abc import Sequence
from concurrent.futures import Future
from typing import Any

from runtime.explain import EvidenceExplainer, Explainer, Explanation, HitFacts
from runtime.groq_form import ANSWER_FORMAT, NoAnswer, build_messages, read_sentences

log = logging.getLogger(__name__)

GROQ_URL = "https://api.groq.com"  # said here, as the package would else look for GROQ_BASE_URL in the environment
MAX_CALLS = 16  # under way at once, those given up included: a server that drips for ever cannot pile up threads
# Reasoning counts into the completion's limit. At low effort this much is kept for it, and this much for each sentence.
REASONING_TOKENS, SENTENCE_TOKENS = 320, 45
UNKNOWN_MODEL_CODES = ("model_decommissioned", "model_not_found", "model_not_active")


def open_explainer(
    api_key: str | None, *, model: str, max_tokens: int, timeout_s: float, base_url: str | None = None
) -> Explainer:
    """Return the explainer that asks Groq, or without a key the one that calls nobody."""
    if not api_key or not api_key.strip():
        return EvidenceExplainer()
    return GroqExplainer(
        api_key, model=model, max_tokens=max_tokens, timeout_s=timeout_s, base_url=base_url, fallback=EvidenceExplainer()
    )


class GroqExplainer:
    """Asks Groq once a search; a hit that it does not explain well, or in time, is explained by the fallback."""

    def __init__(
        self,
        api_key: str,
        *,
        model: str,
        max_tokens: int,
        timeout_s: float,
        base_url: str | None,
        fallback: Explainer,
    ) -> None:
        """Keep the terms of the call; nothing is imported and nobody is called yet."""
        self.source = f"groq:{model}"
        self._api_key = api_key.strip()  # a key read from a file often ends with a line break, which no header may hold
        self._model, self._max_tokens, self._timeout_s = model, max_tokens, timeout_s
        self._base_url, self._fallback = base_url or GROQ_URL, fallback
        self._max_hits = max(1, (max_tokens - REASONING_TOKENS) // SENTENCE_TOKENS)
        self._places = threading.BoundedSemaphore(MAX_CALLS)
        self._opening = threading.Lock()
        self._client: Any = None

    def explain(self, query: str, hits: Sequence[HitFacts]) -> list[Explanation]:
        """Return one explanation for each hit, in their order, at most `timeout_s` later.

        Only as many of the first hits as the token limit has room for are sent; the others get the fallback's sentence.
        """
        sentences = self._ask_in_time(query, hits[: self._max_hits]) if hits else {}
        rest = [hit for hit in hits if hit.id not in sentences]
        local = dict(zip((hit.id for hit in rest), self._fallback.explain(query, rest), strict=True))
        return [Explanation(sentences[hit.id], self.source) if hit.id in sentences else local[hit.id] for hit in hits]

    def close(self) -> None:
        """Close the connections; a call under way fails."""
        with self._opening:
            if self._client is not None:
                self._client.close()
                self._client = None

    def _ask_in_time(self, query: str, hits: Sequence[HitFacts]) -> dict[int, str]:
        """Return Groq's usable sentences by hit; none, and a log line, where it has none in time.

        The call has a thread of its own, as no timeout of the package bounds the whole: its clock starts anew with each
        byte, and name resolution has none. A daemon's, so that an abandoned call does not hold up the exit.
        """
        if not self._places.acquire(blocking=False):
            return self._without_groq(f"{MAX_CALLS} calls are still unanswered")
        answer: Future[dict[int, str]] = Future()
        threading.Thread(target=self._settle, args=(answer, query, hits), name="groq", daemon=True).start()
        try:
            sentences = answer.result(self._timeout_s)
        except TimeoutError:
            return self._without_groq(f"no answer within {self._timeout_s:g} s")
        except NoAnswer as reason:
            return self._without_groq(str(reason))
        if len(sentences) < len(hits):
            log.warning("Groq explained %d of %d hits; the evidence explains the others.", len(sentences), len(hits))
        return sentences

    def _without_groq(self, reason: str) -> dict[int, str]:
        log.warning("Groq did not explain, the evidence does: %s.", reason)
        return {}

    def _settle(self, answer: "Future[dict[int, str]]", query: str, hits: Sequence[HitFacts]) -> None:
        """Run in the call's thread: settle the answer with sentences or with what went wrong."""
        try:
            answer.set_result(self._ask(query, hits))
        except Exception as error:  # handed over whole: the waiting thread raises what it does not know
            answer.set_exception(error)
        finally:
            self._places.release()

    def _ask(self, query: str, hits: Sequence[HitFacts]) -> dict[int, str]:
        return read_sentences(self._call(build_messages(query, hits)), hits)

    def _call(self, messages: list[dict[str, str]]) -> bytes:
        """Return the body of one chat completion.

        Raises:
            NoAnswer: for any outside fault; it names the setting to mend, where one would help.
        """
        try:
            import groq
            import httpx
        except ImportError as error:
            raise NoAnswer(f"the package {error.name} is not installed") from None
        try:
            response = self._opened_client().chat.completions.with_raw_response.create(
                model=self._model,
                messages=messages,
                response_format=ANSWER_FORMAT,
                max_completion_tokens=self._max_tokens,
                temperature=0,
                **_reasoning(self._model),
            )
            return bytes(response.read())
        except groq.APIStatusError as error:
            raise NoAnswer(_refusal(error.status_code, _error_code(error.body), self._model)) from None
        except groq.APITimeoutError:
            raise NoAnswer(f"no answer within {self._timeout_s:g} s") from None
        except groq.APIConnectionError:
            raise NoAnswer(f"{self._base_url} cannot be reached, or broke off") from None
        except (httpx.InvalidURL, ImportError, OSError, ValueError) as error:  # a bad URL, proxy, certificate file, key
            raise NoAnswer(
                f"the call cannot be made ({type(error).__name__}); check GROQ_API_KEY and GROQ_BASE_URL"
            ) from None

    def _opened_client(self) -> Any:  # noqa: ANN401 (the package is imported on first use)
        """Return the client, which keeps its connection from call to call."""
        import groq

        with self._opening:
            if self._client is None:
                self._client = groq.Groq(
                    api_key=self._api_key, base_url=self._base_url, timeout=self._timeout_s, max_retries=0
                )
            return self._client


def _reasoning(model: str) -> dict[str, str]:
    """Return the gpt-oss models' lowest effort; other models refuse the field, or its values."""
    return {"reasoning_effort": "low"} if model.startswith("openai/gpt-oss-") else {}


def _error_code(body: object) -> str:
    """Return the error's code out of `{"error": {"code": ...}}`, or an empty text where it is no plain name."""
    error = body.get("error") if isinstance(body, dict) else None
    code = error.get("code") if isinstance(error, dict) else None
    return code if isinstance(code, str) and code.isidentifier() and len(code) <= 60 else ""


def _refusal(status: int, code: str, model: str) -> str:
    """Return what a refused call means for whoever runs this, naming the setting that mends it."""
    if code in UNKNOWN_MODEL_CODES or status == 404:
        return f"the model {model} is retired or unknown; set GROQ_MODEL to one of console.groq.com/docs/models"
    if status >= 500:
        return f"it failed with status {status}"
    meanings = {
        401: "the key was refused; check GROQ_API_KEY",
        403: f"the key may not use the model {model}; check GROQ_API_KEY and GROQ_MODEL",
        413: "the request is larger than the key's plan allows; ask for fewer hits",
        429: "its rate limit is reached",
    }
    refused = f"it refused the request ({status} {code}); GROQ_MODEL must name a model that answers in a strict JSON schema"
    return meanings.get(status, refused)
