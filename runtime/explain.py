"""Why a picture matched, in words: what an explainer is given and gives, and the one that needs no network.

Every sentence says where it came from. The local sentences claim no more than caption and score hold: which words of the
query the caption has, and which it lacks. `groq_explainer.py` asks Groq.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

EVIDENCE_SOURCE = "evidence"
# Unrelated pairs of CLIP ViT-B/32 lie about here; LAION-400M called a pair a match from 0.3 on (arXiv 2111.02114).
LOW_SCORE_COSINE = 0.2
MAX_WORDS_NAMED = 6
MAX_WORD_CHARS = 40

WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")
POSSESSIVE = re.compile(r"['’]s?$")
# Words that say nothing a picture could show. Numbers, colours and places are content and stay out of this list.
_FUNCTION_WORDS = """
    a an and any are as at be been being but by can could did do does for from had has have her hers him his i if in
    into is it its just me my of off on onto or our out please she he shall should show showing so some such than that
    the their them then there these they this those to up us was we were what when where which while who whose will
    with would you your find image images photo photos photograph photographs picture pictures
"""
FUNCTION_WORDS = frozenset(_FUNCTION_WORDS.split())


@dataclass(frozen=True)
class HitFacts:
    """What an explainer may know of one hit. `score` is the cosine of query and picture, in [-1, 1]."""

    id: int
    image_path: str
    caption: str | None
    score: float


@dataclass(frozen=True)
class Explanation:
    """One sentence, and who wrote it: `evidence`, or `groq:` and the model's name."""

    text: str
    source: str


class Explainer(Protocol):
    """Says why each hit is among the answers, or that it should not be."""

    def explain(self, query: str, hits: Sequence[HitFacts]) -> list[Explanation]:
        """Return one explanation for each hit, in their order; no outside fault escapes."""
        ...


class EvidenceExplainer:
    """Sentences from caption and score alone: the same facts always give the same words, and none leave the machine."""

    def explain(self, query: str, hits: Sequence[HitFacts]) -> list[Explanation]:
        """Return one sentence for each hit, in their order."""
        asked = content_words(query)
        return [Explanation(_sentence(asked, hit), EVIDENCE_SOURCE) for hit in hits]


def content_words(text: str) -> list[str]:
    """Return the words that a picture could show: lower case, in the order of the text, each once."""
    words = (POSSESSIVE.sub("", word) for word in WORD.findall(text.lower()))
    return list(dict.fromkeys(word for word in words if word not in FUNCTION_WORDS))


def _sentence(asked: list[str], hit: HitFacts) -> str:
    if not hit.caption:
        return _looks_alone("There is no caption to compare with", hit.score)
    if not asked:
        return f"The query names nothing that could be looked up in the caption (score {hit.score:.2f})."
    in_caption = {_stem(word) for word in content_words(hit.caption)}
    found = [word for word in asked if _stem(word) in in_caption]
    lacking = [word for word in asked if _stem(word) not in in_caption]
    if not found:
        return _looks_alone(f"The caption does not mention {_listed(lacking, 'or')}", hit.score)
    if lacking:
        return f"The caption mentions {_listed(found, 'and')}, but not {_listed(lacking, 'or')} (score {hit.score:.2f})."
    return f"The caption mentions {_listed(found, 'and')}: every word that was asked for (score {hit.score:.2f})."


def _looks_alone(absence: str, score: float) -> str:
    if score < LOW_SCORE_COSINE:
        return f"{absence}, and the score is low ({score:.2f}): probably not a match."
    return f"{absence}; the picture was found by its looks alone (score {score:.2f})."


def _listed(words: list[str], conjunction: str) -> str:
    """Return “a”, “b” and “c”; past the limit, how many more there are."""
    quoted = [f"“{word[:MAX_WORD_CHARS]}”" for word in words[:MAX_WORDS_NAMED]]
    if len(words) > MAX_WORDS_NAMED:
        quoted.append(f"{len(words) - MAX_WORDS_NAMED} more")
    *first, last = quoted
    return f"{', '.join(first)} {conjunction} {last}" if first else last


def _stem(word: str) -> str:
    """Return the singular of a regular English plural, so that "boats" finds "boat"; other words as they are."""
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("sses", "xes", "zes", "ches", "shes")):
        return word[:-2]
    if word.endswith("s") and len(word) > 3 and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word
