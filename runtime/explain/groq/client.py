"""One chat completion from Groq within a deadline, retried where a retry may help.

The only file that imports Groq's package, at the first call (it takes 208 ms). `prompt.py` has what is asked, `faults.py`
what a refusal means.
"""

import re
import threading
from collections import deque
from collections.abc import Iterable
from random import uniform
from time import monotonic, sleep
from typing import Any

from runtime.explain.groq.faults import TOO_LATE, NoAnswer, TransientFault, UnknownAddress, read_refusal
from runtime.explain.groq.prompt import ANSWER_FORMAT

GROQ_URL = "https://api.groq.com"  # always passed, or the package would read GROQ_BASE_URL from the environment
PACKAGE_PATH = "/openai/v1/chat/completions"  # what the package adds to its base URL
# How the addresses of OpenAI-compatible servers end: ".../openai/v1" (Groq), ".../v1" (most), ".../v1beta/openai".
VERSION = re.compile(r"(?:/openai)?/v\d+\w*(?:/openai)?$")
MAX_TRIES = 3
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.25, 2.0
SHORTEST_CALL_S = 0.1  # in less there is no answer
CONNECT_TIMEOUT_S = 2.0  # leaves time for another try, where a packet was lost
MAX_ANSWER_BYTES = 1_000_000


class GroqClient:
    """One key, one model, and connections kept from call to call. Threads may share it."""

    def __init__(
        self,
        api_key: str,
        *,
        model: str,
        max_tokens: int,
        base_url: str | None = None,
        first_pause_s: float = FIRST_PAUSE_S,
    ) -> None:
        """Keep what each call needs; nothing is imported and no call is made yet."""
        self.model, self.max_tokens = model, max_tokens
        self._api_key = api_key.strip()  # a key read from a file often ends with a line break, which no header may hold
        self._base_url, self._first_pause_s = base_url or GROQ_URL, first_pause_s
        self._endpoints = deque(endpoints_at(self._base_url))
        self._opening = threading.Lock()
        self._client: Any = None

    def complete(self, messages: list[dict[str, Any]], deadline: float) -> bytes:
        """Return the body of one chat completion; transient errors are retried until the deadline.

        The package's own retries know no deadline for the whole, and repeat calls that were answered too slowly but charged.

        Args:
            messages: as `prompt.build_messages` returns them.
            deadline: by the monotonic clock, in seconds; the call is given up then.

        Raises:
            NoAnswer: for any outside fault; it names the setting to mend, where one would help.
        """
        tries = tried_endpoints = 0
        while True:
            endpoint = self._endpoints[0]
            try:
                return self._call(messages, deadline)
            except UnknownAddress:
                tried_endpoints += 1
                if endpoint == self._endpoints[0]:  # no other thread has passed it over; the one that works stays first
                    self._endpoints.rotate(-1)
                if tried_endpoints >= len(self._endpoints):
                    raise
            except TransientFault as fault:
                tries += 1
                sleep(self._pause_s(fault, tries, deadline - monotonic()))

    def close(self) -> None:
        """Close the connections; a call under way fails."""
        with self._opening:
            if self._client is not None:
                self._client.close()
                self._client = None

    def _call(self, messages: list[dict[str, Any]], deadline: float) -> bytes:
        try:
            import groq
            import httpx
        except ImportError as error:
            raise NoAnswer(f"the package {error.name} is not installed") from None
        left_s = max(deadline - monotonic(), 0.001)
        try:
            with self._opened_client().chat.completions.with_streaming_response.create(
                model=self.model,
                messages=messages,
                response_format=ANSWER_FORMAT,
                max_completion_tokens=self.max_tokens,
                temperature=0,
                timeout=httpx.Timeout(left_s, connect=min(left_s, CONNECT_TIMEOUT_S)),
                **_reasoning(self.model),
            ) as response:
                return _read_in_time(response.iter_bytes(), deadline)
        except groq.APIStatusError as error:
            raise read_refusal(error.status_code, error.body, error.response.headers, self.model) from None
        except groq.APIConnectionError as error:  # what came before the answer's first byte
            if isinstance(error.__cause__, httpx.ReadTimeout):  # it was sent, so perhaps charged: not sent twice
                raise NoAnswer(TOO_LATE) from None
            raise TransientFault(f"{self._base_url} cannot be reached, or broke off") from None
        except httpx.TimeoutException:
            raise NoAnswer(TOO_LATE) from None
        except httpx.HTTPError:  # charged as well
            raise NoAnswer("its answer broke off") from None
        except (groq.GroqError, httpx.InvalidURL, ImportError, OSError, ValueError) as error:  # a bad URL, proxy, key, ...
            kind = type(error).__name__
            raise NoAnswer(f"the call cannot be made ({kind}); check GROQ_API_KEY and GROQ_BASE_URL") from None

    def _pause_s(self, fault: TransientFault, tries: int, left_s: float) -> float:
        """Return how long to wait before the next try: what Groq asked for, and an exponential backoff with full jitter.

        Raises:
            NoAnswer: there is no time for another try, or there were enough.
        """
        if fault.retry_after_s > left_s:
            raise NoAnswer(str(fault), rest_s=fault.retry_after_s)
        pause_s = fault.retry_after_s + uniform(0, min(self._first_pause_s * 2 ** (tries - 1), LONGEST_PAUSE_S))
        if tries == MAX_TRIES or pause_s + SHORTEST_CALL_S > left_s:
            raise fault
        return pause_s

    def _opened_client(self) -> Any:  # noqa: ANN401 (the package is imported on first use)
        import groq
        import httpx

        def send_to_endpoint(request: httpx.Request) -> None:
            if request.url.path.endswith(PACKAGE_PATH):  # not so where a server has sent the request on
                request.url = httpx.URL(self._endpoints[0])

        with self._opening:
            if self._client is None:
                http_client = groq.DefaultHttpxClient(event_hooks={"request": [send_to_endpoint]})
                self._client = groq.Groq(
                    api_key=self._api_key, base_url=self._base_url, max_retries=0, http_client=http_client
                )
            return self._client


def endpoints_at(base_url: str) -> list[str]:
    """Return where a server may take chat completions, the likeliest first: below the version that the address names."""
    address = base_url.rstrip("/")
    server = VERSION.sub("", address)
    named = [] if server == address else [f"{address}/chat/completions"]
    return list(dict.fromkeys([*named, server + PACKAGE_PATH, f"{server}/v1/chat/completions"]))


def _read_in_time(chunks: Iterable[bytes], deadline: float) -> bytes:
    """Return the whole body. No timeout of the package bounds the whole: its clock starts anew with each byte."""
    body = bytearray()
    for chunk in chunks:
        body += chunk
        if monotonic() > deadline:
            raise NoAnswer(TOO_LATE)
        if len(body) > MAX_ANSWER_BYTES:
            raise NoAnswer("its answer has no end")
    return bytes(body)


def _reasoning(model: str) -> dict[str, str]:
    """Return the gpt-oss models' lowest effort; other models refuse the field, or its values."""
    return {"reasoning_effort": "low"} if model.startswith("openai/gpt-oss-") else {}
