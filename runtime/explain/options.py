"""How Groq, or another server of its kind, is asked, as the settings GROQ_... say."""

from dataclasses import dataclass


@dataclass(frozen=True)
class GroqOptions:
    """`max_tokens` is the limit of one answer; `timeout_s` of all of a search's calls; `cache_size` counts sentences."""

    model: str
    max_tokens: int
    timeout_s: float
    base_url: str | None = None
    cache_size: int = 2048
