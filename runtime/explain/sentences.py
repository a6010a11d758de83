"""Why a picture matched, in one sentence made from the evidence alone, with no network.

A sentence claims no more than the evidence holds: which words of the query the caption mentions, which of the others the
vectors of picture and text support, and how likely a match is.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from runtime.search.evidence import Explanation, Hit, Verdict, WordWeight
from runtime.search.query import ParsedQuery
from runtime.search.words import Phrase, stem

EVIDENCE_SOURCE = "evidence"
# About the cosine of unrelated pairs in CLIP ViT-B/32; LAION-400M called a pair a match from 0.3 on (arXiv 2111.02114).
LOW_SCORE_COSINE = 0.2
# A word is supported where leaving it out costs this part of the score. With the sample models, on 300 drawn scenes, that
# was so for 0.5 % of 398 words that the picture did not show, and for 52 % of 1,083 that it did.
CLEAR_DROP = 0.05
SMALLEST_CLEAR_DROP_COSINE = 0.005
DOMINANT_SHARE = 0.5
MAX_WORDS_NAMED = 5
MAX_WORD_CHARS = 40

OPENINGS: dict[Verdict, str] = {
    "strong": "A strong match",
    "weak": "A weak match",
    "none": "Probably not what you asked for",
}
# Whether there are words that the caption mentions, words that only the picture supports, and missing ones (`WordTally`).
TallyKey = tuple[bool, bool, bool]
REASONS: dict[TallyKey, str] = {
    (True, False, False): "the caption mentions {mentioned}",
    (True, True, False): "the caption mentions {mentioned}; {seen} {are} not in it, but the picture speaks for {them}",
    (True, False, True): "the caption mentions {mentioned}, but not {missing}",
    (True, True, True): "the caption mentions {mentioned} and the picture speaks for {seen}, but not clearly for {missing}",
    (False, True, False): "the caption does not mention {seen_or}, but the picture speaks for {them}",
    (False, True, True): "the caption mentions none of your words; the picture speaks for {seen}, not clearly for {missing}",
    (False, False, True): "the caption does not mention {missing}",
    (False, False, False): "the query names nothing that a caption could mention",
}
REASONS_WITHOUT_CAPTION: dict[TallyKey, str] = REASONS | {
    (False, True, False): "it has no caption, but the picture speaks for {seen}",
    (False, True, True): "it has no caption; the picture speaks for {seen}, not clearly for {missing}",
    (False, False, True): "there is no caption to compare with",
}
# Where the score clearly rises when any of the missing words is left out.
REFUTATIONS: dict[TallyKey, str] = {
    (True, False, True): "the caption mentions {mentioned}, but nothing speaks for {missing}",
    (False, False, True): "nothing speaks for {missing}",
}
# From which cosine on two pictures look alike, and how much; different photos have about 0.5 in CLIP ViT-B/32.
LIKENESS = ((0.95, "almost exactly"), (0.8, "much"), (0.65, "somewhat"))


class EvidenceExplainer:
    """Sentences from the evidence alone: the same facts always give the same words, and nothing leaves the machine."""

    def explain(self, query: ParsedQuery, hits: Sequence[Hit]) -> list[Explanation]:
        """Return one sentence for each hit, in their order."""
        return [Explanation(_sentence(query, hit), EVIDENCE_SOURCE) for hit in hits]


@dataclass(frozen=True)
class WordTally:
    """How well one picture fits each word of a query; each word is in one list, in the query's order.

    The caption mentions the `mentioned` words. It lacks the `seen` ones, but the score clearly falls without each of them.
    Neither is so for the `missing` ones. `refuted`: the score even rises clearly when any of the missing is left out.
    """

    mentioned: list[WordWeight]
    seen: list[WordWeight]
    missing: list[WordWeight]
    refuted: bool

    @property
    def is_whole(self) -> bool:
        """Whether the caption or the picture supports every word, and there is one."""
        return not self.missing and bool(self.mentioned or self.seen)


def tally_words(wanted: Phrase, hit: Hit) -> WordTally:
    """Return how well the hit fits each wanted word; for a word that was not weighed, the caption alone decides."""
    weights = {weight.word: weight for weight in hit.evidence.words}
    mentioned = hit.caption.stems
    words = [weights.get(word) or WordWeight(word, 0.0, 0.0, stem(word) in mentioned) for word in wanted.words]
    clear = max(CLEAR_DROP * hit.evidence.score, SMALLEST_CLEAR_DROP_COSINE)
    absent = [word for word in words if not word.in_caption]
    missing = [word for word in absent if word.drop < clear]
    return WordTally(
        mentioned=[word for word in words if word.in_caption],
        seen=[word for word in absent if word.drop >= clear],
        missing=missing,
        refuted=bool(missing) and all(word.drop <= -clear for word in missing),
    )


def _sentence(query: ParsedQuery, hit: Hit) -> str:
    tally = tally_words(query.wanted, hit)
    if not query.wanted.text:
        text = _looks_alike(hit.evidence.score)
    elif hit.evidence.verdict:
        text = _judged(tally, hit, hit.evidence.verdict)
    else:
        text = _scored(tally, hit)
    return text + _objection(query.unwanted, hit.caption, also=bool(tally.mentioned))


def _looks_alike(score: float) -> str:
    degree = next((words for least, words in LIKENESS if score >= least), "only a little")
    return f"It looks {degree} like your picture (similarity {score:z.2f})."


def _judged(tally: WordTally, hit: Hit, verdict: Verdict) -> str:
    """Return the sentence where it is known how likely a match is."""
    opening, reason = OPENINGS[verdict] + _percent(hit.evidence.match_probability), _reason(tally, hit)
    if verdict == "none":
        return f"{opening}, although {reason}." if tally.is_whole else f"{opening}: {reason}."
    if not (tally.mentioned or tally.seen):
        opening += ", by its looks alone"
    return f"{opening}: {reason}{_emphasis(tally)}."


def _scored(tally: WordTally, hit: Hit) -> str:
    """Return the sentence where only a score is known, which orders the hits of one query and means little else."""
    score, reason = hit.evidence.score, _reason(tally, hit)
    reason = reason[0].upper() + reason[1:]
    if tally.mentioned or tally.seen:
        return f"{reason}{_emphasis(tally)} (score {score:z.2f})."
    if score < LOW_SCORE_COSINE:
        return f"{reason}, and the score is low ({score:z.2f}): probably not a match."
    return f"{reason}; the picture was found by its looks alone (score {score:z.2f})."


def _percent(probability: float | None) -> str:
    """Return " (97 %)"; never 0 or 100, as nothing here is certain."""
    if probability is None:
        return ""
    percent = round(100 * probability)
    shown = "under 1" if percent < 1 else "over 99" if percent > 99 else percent
    return f" ({shown}\u00a0%)"  # the space does not break


def _reason(tally: WordTally, hit: Hit) -> str:
    """Return the clause that tells which words are mentioned, which are seen and which are missing."""
    mentioned, seen, missing = tally.mentioned, tally.seen, tally.missing
    key = bool(mentioned), bool(seen), bool(missing)
    reasons = REASONS if hit.caption.text else REASONS_WITHOUT_CAPTION
    if tally.refuted and (mentioned or hit.evidence.verdict == "none"):
        reasons = reasons | REFUTATIONS
    return reasons[key].format(
        mentioned=_listed(mentioned, "and"),
        seen=_listed(seen, "and"),
        seen_or=_listed(seen, "or"),
        missing=_listed(missing, "or"),
        are="is" if len(seen) == 1 else "are",
        them="it" if len(seen) == 1 else "them",
    )


def _emphasis(tally: WordTally) -> str:
    """Return what to add where the caption mentions every word: that it does, or which of them counts most."""
    words = tally.mentioned
    if tally.seen or tally.missing or not words:
        return ""
    top = max(words, key=lambda word: word.share)
    if len(words) > 1 and top.share >= DOMINANT_SHARE:
        return f", and {_listed([top], 'and')} counts most"
    return "" if len(words) == 1 else ", all that you asked for"


def _objection(unwanted: Sequence[Phrase], caption: Phrase, *, also: bool) -> str:
    """Return a sentence about what was to be left out, where the caption mentions it; else an empty text."""
    present = [phrase.text for phrase in unwanted if phrase.words and _spaced_stems(phrase) in _spaced_stems(caption)]
    subject = "It also" if also else "The caption"
    return f" {subject} mentions {_quoted(present, 'and')}, which you wanted left out." if present else ""


def _spaced_stems(phrase: Phrase) -> str:
    """Return the stems in their order, each between spaces, so that a phrase is found in another by plain search."""
    return f" {' '.join(phrase.stem_sequence)} "


def _listed(words: Sequence[WordWeight], conjunction: str) -> str:
    return _quoted([word.word for word in words], conjunction)


def _quoted(texts: Sequence[str], conjunction: str) -> str:
    """Return “a”, “b” and “c”; past the limit, how many more there are."""
    named = texts if len(texts) <= MAX_WORDS_NAMED else texts[: MAX_WORDS_NAMED - 1]
    parts = [f"“{text[:MAX_WORD_CHARS]}”" for text in named]
    if len(named) < len(texts):
        parts.append(f"{len(texts) - len(named)} more")
    *first, last = parts or [""]
    return f"{', '.join(first)} {conjunction} {last}" if first else last
