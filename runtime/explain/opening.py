"""Opens the explainer that settings ask for: the evidence alone, or a language model with a key from here or from AWS."""

from collections.abc import Callable

from runtime.artefacts.remote.aws import read_secret
from runtime.explain.explainer import Explainer
from runtime.explain.options import GroqOptions
from runtime.explain.sentences import EvidenceExplainer
from runtime.search.evidence import Hit


def open_explainer(
    key: str | None, secret_id: str | None, options: GroqOptions, read_picture: Callable[[Hit], bytes] | None
) -> Explainer:
    """Return the explainer with this key, or with the one that Secrets Manager keeps; without both, one that asks nobody.

    `read_picture` gives a hit's picture to be shown to the model; None where it is shown none.
    """
    if not (key or secret_id):
        return EvidenceExplainer()
    # a start without a key does not pay for the check of a language model's sentences
    from runtime.explain.groq import explainer
    from runtime.explain.groq.secret import SecretExplainer

    def open_with(api_key: str | None) -> Explainer:
        return explainer.open_explainer(api_key, options, read_picture)

    return SecretExplainer(lambda: read_secret(secret_id), open_with) if secret_id and not key else open_with(key)
