"""Why Groq did not answer, in words for whoever runs this, and whether asking again helps. Makes no call."""

from collections.abc import Mapping

from runtime.explain.retry_after import read_retry_after

TOO_LATE = "no answer within GROQ_TIMEOUT_S"
UNKNOWN_MODEL_CODES = ("model_decommissioned", "model_not_found", "model_not_active")
UNKNOWN_URL_CODE, INVALID_JSON_CODE = "unknown_url", "json_validate_failed"
# For how many seconds asking again is useless: where only another setting helps, and at most where Groq names a time.
HOPELESS_REST_S = LONGEST_REST_S = 3600.0


class NoAnswer(Exception):
    """Groq gave no answer that can be used. The message may be logged: it quotes neither the key nor Groq's own text.

    `rest_s` is for how many seconds asking again is known to be useless.
    """

    def __init__(self, reason: str, rest_s: float = 0.0) -> None:
        super().__init__(reason)
        self.rest_s = rest_s


class TransientFault(NoAnswer):
    """Groq did not answer now, and might in a moment. `retry_after_s` is how long it asked to wait, 0 if it did not."""

    def __init__(self, reason: str, retry_after_s: float = 0.0) -> None:
        super().__init__(reason)
        self.retry_after_s = retry_after_s


class UnknownAddress(NoAnswer):
    """The server takes no chat completions at the address that was tried; asking again is useless until it is changed."""


def read_refusal(status: int, body: object, headers: Mapping[str, str], model: str) -> NoAnswer:
    """Return what an answer with status 4xx or 5xx means, naming the setting that mends it."""
    code = _error_code(body)
    if code in UNKNOWN_MODEL_CODES:
        advice = f"the model {model} is retired or unknown; set GROQ_MODEL to one of console.groq.com/docs/models"
        return NoAnswer(advice, HOPELESS_REST_S)
    if code == UNKNOWN_URL_CODE or status in (404, 405):
        return UnknownAddress(_unknown(code, status, model), HOPELESS_REST_S)
    if status == 429 or status >= 500:
        meaning = "its rate limit is reached" if status == 429 else f"it failed with status {status}"
        retry_after_s = min(read_retry_after(headers.get("retry-after", "")) or 0.0, LONGEST_REST_S)
        return TransientFault(meaning, retry_after_s)
    if code == INVALID_JSON_CODE:
        return NoAnswer("the model wrote no JSON of the form that was asked for")
    meanings = {
        401: "the key was refused; check GROQ_API_KEY",
        403: f"the key may not use the model {model}; check GROQ_API_KEY and GROQ_MODEL",
        413: "the request is larger than the key's plan allows; ask for fewer hits",
        498: "it has no capacity left now",
    }
    refused = f"it refused the request ({status} {code}); GROQ_MODEL must name a model that answers in a strict JSON schema"
    return NoAnswer(meanings.get(status, refused), HOPELESS_REST_S if status in (401, 403) else 0.0)


def _unknown(code: str, status: int, model: str) -> str:
    """Return what to check where nothing is found; servers other than Groq answer a bare 404 for a model, too."""
    if code == UNKNOWN_URL_CODE or status == 405:
        return "it has no such address; check GROQ_BASE_URL"
    return f"it knows no such address, or no model {model}; check GROQ_BASE_URL, or set GROQ_MODEL to one that it has"


def _error_code(body: object) -> str:
    """Return the error's code out of `{"error": {"code": ...}}`, or an empty text where it is no plain name."""
    error = body.get("error") if isinstance(body, dict) else None
    code = error.get("code") if isinstance(error, dict) else None
    return code if isinstance(code, str) and code.isidentifier() and len(code) <= 60 else ""
