"""Which words of a text name something that a picture could show, and which words of a query only frame or deny others.

Plain rules over English. Where a text is known to be in another language, `foreign_words.py` says what its words are; they
are compared as they are written.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

from runtime.search.language import is_foreign
from runtime.search.word_pattern import UNSEEN, WHOLE_WORD, WORD

# Full-width letters and ligatures; CLIP's own cleaning of texts (ftfy) makes them plain, too.
_LOOK_ALIKES = re.compile(r"[\uff01-\uffef\ufb00-\ufb06\u3000]+")
_QUOTATION_MARKS = str.maketrans("“”„«»", '"""""')
_WITHOUT_UNSEEN = dict.fromkeys(map(ord, UNSEEN))
TEXTS_REMEMBERED = 256  # a query's words are asked for at several places
POSSESSIVE = re.compile(r"['’]s?$")
QUOTED = re.compile(r'(?<!\w)"([^"]+)"(?!\w)')  # 5" x 7" is no phrase
# Words that name nothing a picture could show. Numbers, colours and places are content and stay out of this list.
_FUNCTION_WORDS = """
    a an and any anybody anyone anything are as at be been being but by can could did do does for from had has have her
    hers him his i if in into is it its just me my of off on onto or our out please she he shall should show showing so
    some such than that somebody someone something the their them then there these they this those to up us was we were
    what when where which while who whose will with would you your find image images photo photos photograph
    photographs picture pictures
"""
FUNCTION_WORDS = frozenset(_FUNCTION_WORDS.split())
# Words that join noun phrases and are part of none. "Next to", "in front of" and the like leave their noun-like word here.
_JOINING_WORDS = """
    above across after against along among around aside atop away back before behind below beneath beside besides between
    beyond down during edge front inside left middle near nearby next opposite out outside over past right side through top
    toward towards under underneath up upon via within
"""
JOINING_WORDS = frozenset(_JOINING_WORDS.split())
# Nouns in -ing. Other such words are taken for verbs and stand alone: "a man riding a horse".
_NOUNS_IN_ING = """
    awning bedding building ceiling clothing crossing drawing dressing dumpling earring evening filling frosting icing
    king lightning lining morning offering opening painting parking pudding railing ring seating seedling siding spring
    string swing topping wedding wing
"""
NOUNS_IN_ING = frozenset(_NOUNS_IN_ING.split())
_COLOURS = """
    beige black blue brown crimson cyan gray green magenta maroon navy orange pink purple red tan teal turquoise violet
    white yellow
"""
COLOURS = frozenset(_COLOURS.split())
NUMBER_WORDS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
SAME_SPELLING = {"grey": "gray"}  # how words are compared that are spelled in two ways
NUMBERS = {word: number for number, word in enumerate(NUMBER_WORDS, start=1)}
_DENIALS = frozenset(("no", "not", "neither", "without", "except", "excluding", "isn't", "aren't", "doesn't", "don't"))
# What is not left out behind "no" and "not": "not only", "not far from", "no longer", "no smoking"; and behind any of them.
_NOT_DENIED_BY_NO = """
    all always enough enter entry even exactly exit far here idea just littering longer many matter more much necessarily one
    only parking problem quite smoking stopping sure swimming there too trespassing u-turn vacancies vacancy very way yet
"""
_NOT_DENIED = frozenset(_NOT_DENIED_BY_NO.split())
_NEVER_DENIED = frozenset(("anything", "doubt", "exception"))
_SIGNS = frozenset(("button", "icon", "label", "notice", "poster", "sign", "signs", "sticker", "symbol"))  # "no dogs sign"
_CONJUNCTIONS = frozenset(("and", "but", "nor", "or"))
# What is left over before a denial: "a beach with | no people", "there are | no boats".
_DANGLING = _CONJUNCTIONS | {",", "are", "does", "has", "have", "having", "is", "that", "there", "which", "who", "with"}
_PART = re.compile(rf"{QUOTED.pattern}|{WORD.pattern}|\S")

_PICTURES_OF = r"""(?:(?:some|any|all|more|all\s(?:of\s)?(?:the|my)|a\sfew|a\scouple\sof|several|the|my|an?)\s)?
    (?:pictures?|photos?|images?|photographs?|pics?|snapshots?)\s(?:of|showing|that\sshows?)\b"""
# What frames a query and names nothing in the picture. Of short queries of drawn scenes, 97 % find a right picture first;
# with "show me" before them 75 %, with "I'm looking for photos of" 25 % (benchmarks/RESULTS.md).
_CARRIER = re.compile(
    rf"""(?:(?:hi|hello|hey|ok|okay)\b[\s,!]*)?(?:please\b[\s,]*)?
    (?:
        (?:
            (?:(?:can|could|will|would)\syou\s(?:please\s|kindly\s)?)?
            (?:(?:show|give|get|bring)\s(?:me|us)|find(?:\s(?:me|us))?|(?:search|look)\sfor|look\sup)
            | (?:(?:i(?:\sam|['’]?m)|we(?:\sare|['’]re))\s)?(?:looking|searching)\sfor
            | (?:i|we)(?:\s(?:want|need)|(?:\swould|['’]d)\slike)(?:\sto\s(?:see|find|look\sat))?
            | (?:can|could|may)\s(?:i|we)\s(?:see|have|get) | let\s(?:me|us)\ssee
            | do\s(?:you|i|we)\shave | have\s(?:you|we)\sgot | (?:is|are)\sthere
        )\b (?:\splease\b)? (?:\s(?:some|any|all|more|a\sfew|a\scouple\sof)\b)? (?:\s{_PICTURES_OF})?
        | {_PICTURES_OF}
    )[\s:,]+""",
    re.IGNORECASE | re.VERBOSE,
)
_PLEASE = re.compile(r"^please\b[\s,]+|[\s,]+please\b[\s.!?]*$", re.IGNORECASE)


@dataclass(frozen=True)
class Phrase:
    """A text whose words are looked up once: a caption, or one side of a query."""

    text: str

    @cached_property
    def words(self) -> tuple[str, ...]:
        """The content words: lower case, in the order of the text, each once."""
        return tuple(content_words(self.text))

    @cached_property
    def stem_sequence(self) -> tuple[str, ...]:
        """The stem of each content word, in the order of the text."""
        return tuple(map(stem, self.words))

    @cached_property
    def stems(self) -> frozenset[str]:
        """The stems of the content words."""
        return frozenset(self.stem_sequence)


def content_words(text: str) -> list[str]:
    """Return the words that a picture could show: lower case, in the order of the text, each once."""
    return list(_content_words(text))


def plain_signs(text: str) -> str:
    """Return the text in NFC, with plain letters for full-width ones and ligatures, and with straight quotation marks."""
    composed = unicodedata.normalize("NFC", text)
    plain = _LOOK_ALIKES.sub(lambda found: unicodedata.normalize("NFKC", found[0]), composed)
    return plain.translate(_QUOTATION_MARKS)


def without_carrier(text: str) -> str:
    """Return the text without what only frames it: "show me some pictures of boats, please" is "boats".

    Of several frames within each other, one goes; a text that is nothing but frame stays.
    """
    shorter = _or_whole(_PLEASE.sub("", text), text)
    found = _CARRIER.match(shorter)
    return _or_whole(shorter[found.end() :].rstrip(" ?"), shorter) if found else shorter


def split_denials(text: str) -> tuple[str, list[str]]:
    """Return the text without what it denies, and the noun phrases that it denies.

    "a beach without people at night" is "a beach at night" and "people"; "not only" and "a no entry sign" deny nothing.
    """
    parts = list(_PART.finditer(text))
    words = [bare_word(part[0]).replace("’", "'") or part[0] for part in parts]
    kept, denied, kept_from, at = "", list[str](), 0, 0
    while at < len(parts):
        spans = _denied_spans(words, at)
        if spans:
            first = at
            while first and parts[first - 1].start() >= kept_from and words[first - 1] in _DANGLING:
                first -= 1
            kept += text[kept_from : parts[first].start()]
            denied += [text[parts[start].start() : parts[end - 1].end()].strip('" ') for start, end in spans]
            kept_from = parts[spans[-1][1] - 1].end()
        at = spans[-1][1] if spans else at + 1
    kept = " ".join((kept + text[kept_from:]).split())
    return re.sub(r" (?=[,.;:!?])", "", kept).strip(" ,;:") if denied else text, denied


def split_compounds(words: Iterable[str]) -> list[str]:
    """Return the content words with those that hyphens join taken apart: "t-shirt" becomes "t" and "shirt"."""
    parts = (bare_word(part) for word in words for part in word.split("-"))
    return [part for part in parts if part not in FUNCTION_WORDS]


def without_word(text: str, word: str) -> str:
    """Return the text with every occurrence of a content word left out."""
    composed = unicodedata.normalize("NFC", text)
    if is_foreign(text):
        from runtime.search.foreign_words import without_foreign_word

        kept = without_foreign_word(composed, word)
    else:
        kept = WHOLE_WORD.sub(lambda found: "" if bare_word(found[1]) == word else found[0], composed)
    return " ".join(kept.split())


def stem(word: str) -> str:
    """Return the singular of a regular English plural, so that "boats" finds "boat"; other words as they are."""
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("sses", "xes", "zes", "ches", "shes")):
        return word[:-2]
    if word.endswith("s") and len(word) > 3 and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word


def bare_word(word: str) -> str:
    """Return a word as it is compared: in lower case and plain letters (NFKC), without the ending of a possessive."""
    return POSSESSIVE.sub("", unicodedata.normalize("NFKC", word.translate(_WITHOUT_UNSEEN)).lower())


@lru_cache(TEXTS_REMEMBERED)
def _content_words(text: str) -> tuple[str, ...]:
    composed = unicodedata.normalize("NFC", text)
    if is_foreign(text):
        from runtime.search.foreign_words import foreign_content_words  # its packages are read where they are needed

        return foreign_content_words(composed)
    words = map(bare_word, WORD.findall(composed))
    return tuple(dict.fromkeys(word for word in words if word not in FUNCTION_WORDS))


def is_verb(word: str) -> bool:
    """Return whether a word in lower case is taken for a verb in -ing, as in "a man riding a horse"."""
    return word.endswith("ing") and not word.endswith("thing") and len(word) > 5 and word not in NOUNS_IN_ING


def _or_whole(shortened: str, whole: str) -> str:
    """Return the shortened text, or the whole where no word would be left."""
    return shortened if WORD.search(shortened) else whole


def _denied_spans(words: Sequence[str], at: int) -> list[tuple[int, int]]:
    """Return where the noun phrases begin and end that the word at `at` denies; none where it denies nothing."""
    following = words[at + 1] if at + 1 < len(words) else ""
    if words[at] not in _DENIALS or (at and words[at - 1] in ("a", "an", "the")):
        return []
    if words[at] in ("no", "not") and (following in _NOT_DENIED or following.isdecimal()):
        return []
    if words[at] in ("doesn't", "don't") and following not in ("have", "show"):  # "people who don't smile"
        return []
    spans = [_noun_phrase_span(words, at + 1)]
    while spans[-1][1] < len(words) and words[spans[-1][1]] in ("or", "nor"):  # "without a hat or scarf"
        spans.append(_noun_phrase_span(words, spans[-1][1] + 1))
    spans = [(start, end) for start, end in spans if start < end]
    is_thing = any(words[start] in _NEVER_DENIED or words[end - 1] in _SIGNS for start, end in spans)
    return [] if is_thing else spans


def _noun_phrase_span(words: Sequence[str], start: int) -> tuple[int, int]:
    """Return where the noun phrase begins and ends that comes next: "people" of "any people at night"."""
    while start < len(words) and _joins(words[start]):
        start += 1
    end = start
    while end < len(words) and _names(words[end]):
        end += 1
        if words[end - 1][0] == '"':
            break
        if is_verb(words[end - 1]) and end < len(words) and _joins(words[end]):  # "not wearing a hat"
            return start, max(end, _noun_phrase_span(words, end)[1])
    return start, end


def _joins(word: str) -> bool:
    return (word in FUNCTION_WORDS or word in JOINING_WORDS) and word not in _CONJUNCTIONS


def _names(word: str) -> bool:
    is_word = word[0].isalnum() or (word[0] == '"' and len(word) > 1)
    return is_word and not _joins(word) and word not in _CONJUNCTIONS and word not in _DENIALS
