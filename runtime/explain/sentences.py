"""Why a picture matched or does not, in plain words made from the evidence alone, with no network.

A sentence claims no more than the evidence holds: what the caption says of the query, and which words that it lacks the
vectors of picture and text support. Of a picture that is no match it says only what is missing or otherwise. Probability and
score are not repeated in it: they stand beside it on the page, in the terminal and in the API's answer.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from runtime.explain.quoting import MAX_WORD_CHARS, quote_picture, quote_text, quote_words
from runtime.search.caption_stance import Conflict, stance_of
from runtime.search.evidence import Evidence, Explanation, Hit, WordWeight
from runtime.search.language import differ
from runtime.search.picture_text_matches import words_of_writing
from runtime.search.query import ParsedQuery
from runtime.search.word_pattern import WORD
from runtime.search.words import COLOURS, NUMBERS, Phrase, bare_word, stem

EVIDENCE_SOURCE = "evidence"
# A word is supported where leaving it out costs this part of the score. With the sample models, on 300 drawn scenes, that
# was so for 0.5 % of 398 words that the picture did not show, and for 52 % of 1,083 that it did.
CLEAR_DROP = 0.05
SMALLEST_CLEAR_DROP = 1 / 40  # of the encoder's low score

# Left out where the caption is in another language than the query: what it lacks says nothing then.
NOT_MENTIONED = ", though the caption does not mention {it}"
# Whether there are words that the caption mentions, words that only the picture supports, and missing ones (`WordTally`).
TallyKey = tuple[bool, bool, bool]
STRONG: dict[TallyKey, str] = {
    (True, False, False): "The caption mentions {mentioned}{all}.",
    (True, True, False): "The caption mentions {mentioned}, and the picture also seems to show {seen}.",
    (True, False, True): "The caption mentions {mentioned}, but not {missing}.",
    (True, True, True): "The caption mentions {mentioned}, and the picture also seems to show {seen}; {less_clear}.",
    (False, True, False): "The picture seems to show {seen}" + NOT_MENTIONED + ".",
    (False, True, True): "The picture seems to show {seen}; {less_clear}.",
    (False, False, True): "It looks like what you asked for, though the caption does not mention {missing}.",
    (False, False, False): "It looks like what you asked for.",
}
WEAK: dict[TallyKey, str] = {
    (True, False, False): "It may fit: the caption mentions {mentioned}.",
    (True, True, False): "It may fit: the caption mentions {mentioned}, and the picture seems to show {seen}.",
    (True, False, True): "It fits in part: the caption mentions {mentioned}, but there is no sign of {missing}.",
    (True, True, True): (
        "It fits in part: the caption mentions {mentioned} and the picture seems to show {seen}, "
        "but there is no sign of {missing}."
    ),
    (False, True, False): "It may fit: the picture seems to show {seen}" + NOT_MENTIONED + ".",
    (False, True, True): "It fits in part: the picture seems to show {seen}, but there is no sign of {missing}.",
    (False, False, True): "It looks a little like what you asked for, but the caption does not mention {missing}.",
    (False, False, False): "It looks a little like what you asked for.",
}
# Where only a score is known, which orders the hits of one query and means little else.
UNJUDGED: dict[TallyKey, str] = STRONG | {
    (False, False, True): "The caption does not mention {missing}; the picture was found by its looks alone.",
    (False, False, False): "The picture was found by its looks alone.",
}
UNJUDGED_LOW: dict[TallyKey, str] = UNJUDGED | {
    (False, False, True): "The caption does not mention {missing}, and the picture hardly looks like it.",
    (False, False, False): "The picture hardly looks like what you asked for.",
}
# Where there is no caption, of which the others say something.
WITHOUT_CAPTION: dict[TallyKey, str] = {
    (False, True, False): "The picture seems to show {seen}; it has no caption.",
    (False, False, True): "It was found by its looks alone; it has no caption.",
}

# How much two pictures look alike, by the encoder's levels of likeness: from the first one on, the second, the third.
DEGREES_OF_LIKENESS = ("only a little", "somewhat", "much", "almost exactly")

# Words of cameras and files. Their vectors may fit a picture by chance: none of them is something to be seen.
_FILE_WORDS = "avif bmp dcim dsc dscf dscn gif heic img jpeg jpg mov mp4 mvi png pxl tif tiff vid webp"
FILE_WORDS = frozenset(_FILE_WORDS.split())
_UNCOUNTED = "food fruit grass hair ice rain sand sea sky smoke snow sunlight water wood"
UNCOUNTED = frozenset(_UNCOUNTED.split())
PLURALS = frozenset(("children", "feet", "geese", "men", "mice", "people", "teeth", "women"))
SAME_WORDS = {"gray": "grey", "grey": "gray"} | {word: str(number) for word, number in NUMBERS.items()}
SAME_WORDS |= {str(number): word for word, number in NUMBERS.items()}


class EvidenceExplainer:
    """Sentences from the evidence alone: the same facts always give the same words, and nothing leaves the machine."""

    def explain(self, query: ParsedQuery, hits: Sequence[Hit]) -> list[Explanation]:
        """Return one sentence for each hit, in their order."""
        return [Explanation(_sentence(query, hit), EVIDENCE_SOURCE) for hit in hits]


@dataclass(frozen=True)
class WordTally:
    """How well one picture fits each word of a query; each word is in one list at most, in the query's order.

    The caption mentions the `mentioned` words. It lacks the `seen` ones, but the score clearly falls without each of them,
    and the picture is not called no match. Neither is so for the `missing` ones. Words that stand in the picture in letters
    alone are in no list.
    """

    mentioned: list[WordWeight]
    seen: list[WordWeight]
    missing: list[WordWeight]


def tally_words(wanted: Phrase, hit: Hit) -> WordTally:
    """Return how well the hit fits each wanted word; for a word that was not weighed, the caption alone decides."""
    evidence = hit.evidence
    weights = {weight.word: weight for weight in evidence.words}
    words = [weights.get(word) or WordWeight(word, 0.0, 0.0, in_caption=False) for word in wanted.words]
    mentioned = [word for word in words if evidence.stance.agrees or _says(word, hit.caption)]
    absent = [word for word in words if word not in mentioned]
    clear = max(CLEAR_DROP * evidence.score, SMALLEST_CLEAR_DROP * evidence.levels.low_score)
    supported = [word for word in absent if word.drop >= clear] if evidence.verdict != "none" else []
    seen = [word for word in supported if word.word not in _words_of_files(wanted)]
    missing = [word for word in absent if word not in seen]
    if evidence.writing.words:
        written = set(words_of_writing(word.text for word in evidence.writing.words))
        missing = [word for word in missing if not written.issuperset(words_of_writing([word.word]))]
    return WordTally(mentioned, seen, missing)


def _says(word: WordWeight, caption: Phrase) -> bool:
    """Return whether the caption has the word itself, and not only another of the same meaning."""
    return word.in_caption or stem(word.word) in caption.stems or SAME_WORDS.get(word.word) in caption.stems


def _words_of_files(wanted: Phrase) -> set[str]:
    """Return the words that no picture is believed to show: those of file names, and those with a digit."""
    joined = {bare_word(word) for name in re.findall(r"\S*_\S*", wanted.text) for word in WORD.findall(name)}
    return {word for word in wanted.words if word in joined or word in FILE_WORDS or any(map(str.isdigit, word))}


def _sentence(query: ParsedQuery, hit: Hit) -> str:
    in_letters = quote_picture(hit.evidence.writing)
    if not query.wanted.text:
        text = _looks_alike(hit.evidence)
    else:
        tally, conflict = tally_words(query.wanted, hit), hit.evidence.stance.conflict
        if hit.evidence.writing.is_whole and not hit.evidence.stance.agrees:
            text, in_letters = in_letters, ""
        elif hit.evidence.is_named and not hit.evidence.stance.agrees:
            text = f"The name of its file or folder says {_text(query.wanted)}."
        elif conflict:
            text = _otherwise(conflict, query.wanted, tally, hit)
        elif hit.evidence.verdict == "none":
            text = _no_match(query, tally, hit)
        else:
            text = _match(tally, hit, in_other_language=differ(query.text, hit.caption.text))
    return " ".join(filter(None, (text, in_letters, _objection(query.unwanted, hit.caption))))


def _looks_alike(evidence: Evidence) -> str:
    degree = DEGREES_OF_LIKENESS[sum(evidence.score >= least for least in evidence.levels.likeness)]
    return f"It looks {degree} like your picture."


def _match(tally: WordTally, hit: Hit, *, in_other_language: bool) -> str:
    """Return what speaks for the picture, and what does not."""
    if hit.evidence.stance.agrees and not all(_says(word, hit.caption) for word in tally.mentioned):
        return f"The caption says {_text(hit.caption)}: what you asked for, in other words."
    mentioned, seen, missing = tally.mentioned, tally.seen, [] if in_other_language else tally.missing
    unjudged = UNJUDGED_LOW if hit.evidence.score < hit.evidence.levels.low_score else UNJUDGED
    templates = {"strong": STRONG, "weak": WEAK}.get(hit.evidence.verdict or "", unjudged)
    if not hit.caption.text:
        templates = templates | WITHOUT_CAPTION
    template = templates[bool(mentioned), bool(seen), bool(missing)]
    if in_other_language:
        template = template.replace(NOT_MENTIONED, "")
    return template.format(
        mentioned=_listed(mentioned, "and"),
        all=", all that you asked for" if len(mentioned) > 1 and hit.evidence.stance.agrees else "",
        seen=_listed(seen, "and"),
        it="it" if len(seen) == 1 else "them",
        missing=_listed(missing, "or"),
        less_clear=f"{_listed(missing, 'and')} {'is' if len(missing) == 1 else 'are'} less clear",
    )


def _no_match(query: ParsedQuery, tally: WordTally, hit: Hit) -> str:
    """Return what is missing in a picture that is no match, or nothing where it only shows what was to be left out."""
    if tally.missing:
        return f"There is no sign of {_listed(tally.missing, 'or')}."
    if query.unwanted:
        without = quote_words([phrase.text for phrase in query.unwanted], "or")
        shown = _objection(query.unwanted, hit.caption)
        return "" if shown else f"It does not look like {_text(query.wanted)} without {without}."
    if hit.evidence.stance.agrees:
        return f"The caption says {_text(hit.caption)}, but the picture does not look like it."
    return f"It does not look like {_text(query.wanted)}."


def _otherwise(conflict: Conflict, wanted: Phrase, tally: WordTally, hit: Hit) -> str:
    """Return what the caption says instead of what is wanted; where the picture matches all the same, as its word alone."""
    noun = conflict.noun[:MAX_WORD_CHARS]
    are = "are" if _is_plural(noun) else "is"
    coloured = f"the {noun} {are} {conflict.told}"
    if hit.evidence.verdict == "strong":
        told = {
            "colour": f"{coloured}, not {conflict.wanted}",
            "number": f"there {'is' if conflict.told == 'one' else 'are'} {conflict.told} {noun}, not {conflict.wanted}",
            "denied": f"there {are} no {noun}",
        }[conflict.kind]
        return f"It looks like {_text(wanted)}, although the caption says that {told}."
    if conflict.kind == "denied":
        told = f"The caption says there {are} no {noun}"
    elif conflict.kind == "number":
        told = f"It shows {conflict.told} {noun}, not {conflict.wanted}"
    elif conflict.elsewhere:
        told = f"There {are} {_with_article(noun)} and something {conflict.wanted}, but {coloured}"
    else:
        told = f"T{coloured[1:]}, not {conflict.wanted}"
    others = [word for word in tally.missing if not _is_of_kind(word.word, conflict)]
    return f"{told}, and there is no sign of {_listed(others, 'or')}." if others else f"{told}."


def _is_of_kind(word: str, conflict: Conflict) -> bool:
    """Return whether a word is of the kind that a conflict is about, so that it is said already."""
    if conflict.kind == "colour":
        return bool({word, SAME_WORDS.get(word)} & COLOURS)
    return conflict.kind == "number" and (word in NUMBERS or word.isdecimal())


def _is_plural(noun: str) -> bool:
    return noun in PLURALS or stem(noun) != noun


def _with_article(noun: str) -> str:
    if _is_plural(noun) or noun in UNCOUNTED:
        return noun
    return f"{'an' if noun[0] in 'aeiou' else 'a'} {noun}"


def _objection(unwanted: Sequence[Phrase], caption: Phrase) -> str:
    """Return a sentence about what was to be left out, where the caption mentions it and does not deny it; else nothing."""
    present = [phrase.text for phrase in unwanted if phrase.words and _spaced_stems(phrase) in _spaced_stems(caption)]
    denied = {text for text in present if (told := stance_of(text, caption.text).conflict) and told.kind == "denied"}
    shown = [text for text in present if text not in denied]
    return f"The caption mentions {quote_words(shown, 'and')}, which you wanted left out." if shown else ""


def _spaced_stems(phrase: Phrase) -> str:
    """Return the stems in their order, each between spaces, so that a phrase is found in another by plain search."""
    return f" {' '.join(phrase.stem_sequence)} "


def _text(phrase: Phrase) -> str:
    return quote_text(phrase.text)


def _listed(words: Sequence[WordWeight], conjunction: str) -> str:
    return quote_words([word.word for word in words], conjunction)
