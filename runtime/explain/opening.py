"""Opens the explainer that settings ask for: the evidence alone, or a language model with a key from here or from AWS."""

from collections.abc import Callable
from dataclasses import dataclass

from runtime.artefacts.aws import read_secret
from runtime.explain.explainer import Explainer
from runtime.explain.sentences import EvidenceExplainer
from runtime.search.evidence import Hit


@dataclass(frozen=True)
class GroqOptions:
    """How Groq, or another server of its kind, is asked, as the settings GROQ_... say; without key and secret, it is not."""

    key: str | None
    secret_id: str | None
    model: str
    max_tokens: int
    timeout_s: float
    base_url: str | None
    cache_size: int


def open_explainer(options: GroqOptions, read_picture: Callable[[Hit], bytes] | None) -> Explainer:
    """Return the explainer with the key that is set, with the one that Secrets Manager keeps, or without one.

    `read_picture` gives a hit's picture to be shown to the model; None where it is shown none.
    """
    if not (options.key or options.secret_id):
        return EvidenceExplainer()
    # a start without a key does not pay for the check of a language model's sentences
    from runtime.explain.groq import explainer
    from runtime.explain.groq.secret import SecretExplainer

    def open_with(api_key: str | None) -> Explainer:
        return explainer.open_explainer(
            api_key,
            model=options.model,
            max_tokens=options.max_tokens,
            timeout_s=options.timeout_s,
            base_url=options.base_url,
            cache_size=options.cache_size,
            read_picture=read_picture,
        )

    if options.secret_id and not options.key:
        return SecretExplainer(lambda: read_secret(options.secret_id or ""), open_with)
    return open_with(options.key)
