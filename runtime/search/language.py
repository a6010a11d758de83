"""A guess at the language of a query or a caption, by its letters, its function words and some nouns of pictures.

Short texts without any of them stay unknown. The rules of `words.py`, `noun_phrases.py` and `caption_stance.py` are English.
They hold for what is unknown, too: to take English for another language would cost more than the other way round, so the
name of a place decides nothing.
"""

import re
import unicodedata
from collections import Counter
from functools import lru_cache

from runtime.search.language_nouns import TELLING_WORDS_OF
from runtime.search.word_pattern import WORD

TEXTS_REMEMBERED = 4096  # captions, too
ENGLISH, UNDETERMINED = "en", "und"  # ISO 639: the latter is some other one
# Function words that name nothing. English has no "no" here, which is Portuguese for "in the". Words that English texts have
# as well, as words of their own or in names ("van Gogh", "Los Angeles"), count only beside others (`_ALSO_IN_ENGLISH`).
_FUNCTION_WORDS = {
    ENGLISH: """a above across after against along among an and any are around as at be behind below beneath beside between
        but by for from has have he her his i if in inside into is it its me my near not of on onto or our out outside
        over she so some someone something than that the their them then there these they this those through to toward
        towards under up upon was we were what when where which while who with within without you your""",
    "es": """al con cerca de del detrás dos el en encima entre hay junto la las los mi muy para por sin sobre su un una
        unas unos y""",
    "fr": """au aux avec ce cette chez dans de derrière des devant deux du elle entre est et la le les leur mon pour près
        qui sans sous sur un une""",
    "pt": """ao com da das de do dos dois e em entre meu minha na nas no nos num numa não o os para perto pela pelo por sem
        sob sobre um uma umas uns à""",
    "de": """am auf aus beim das dem den der des die ein eine einem einen einer eines für hinter im ist kein keine mit neben
        nicht ohne sind und unter vom von vor wie zu zum zur zwei zwischen über""",
    "it": """al alla con da dal dalla davanti degli dei del della delle di due e gli il la le nel nella nelle per senza sopra
        sotto su sui sul sulla tra un una uno""",
    "nl": "aan bij de een het in met naast niet onder op over te twee van voor zijn zonder",
}
FUNCTION_WORDS_OF = {language: frozenset(words.split()) for language, words in _FUNCTION_WORDS.items()}
_BOTH = """
    al am au aux aus con com da das de dei del dem den der des di die do dos du e el en entre est et il in la le les lo los
    las met mi mit mon no nos o op os over per pour sans sin so sob su sub sui sur te van von y zu
"""
_ALSO_IN_ENGLISH = frozenset(_BOTH.split())
# Letters that a language has and English has not; they count as one such word.
_LETTERS = {"es": "áéíñóúü", "fr": "àâçèéêëîïôùûœ", "pt": "àáâãçéêíóôõú", "de": "äöüß", "it": "àèéìòù"}
ELISION = re.compile(r"(?:[cdjlmnst]|qu|un|all|dell|nell|sull|dall)['’](?=\w)")  # "l'arbre", "dell'acqua"
_ELIDING = ("fr", "it")
WORDS_MIN = 3  # of a text that a single function word tells the language of
# By the first word of a letter's name in Unicode. Letters that one language of a script has and the others lack come after.
_SCRIPTS = {
    "LATIN": "",
    "FULLWIDTH": "",
    "CJK": "zh",
    "HIRAGANA": "ja",
    "KATAKANA": "ja",
    "KATAKANA-HIRAGANA": "ja",
    "HANGUL": "ko",
    "THAI": "th",
    "ARABIC": "ar",
    "DEVANAGARI": "hi",
    "CYRILLIC": "ru",
    "GREEK": "el",
    "HEBREW": "he",
    "BENGALI": "bn",
}
_OWN_LETTERS = (("ar", "fa", "پچژگک‌ی"), ("ar", "ur", "ٹڈڑےں"), ("ru", "uk", "іїєґ"), ("ru", "bg", "ѝ"))


@lru_cache(TEXTS_REMEMBERED)
def language_of(text: str) -> str | None:
    """Return the language of a text as ISO 639 has it, "en" or "ja"; None where that is not known.

    Of another script than the Latin one, a single word is enough. "und" is another language than English: that of a script
    without an entry here, or one of several that share its function words.
    """
    if not text.isascii():
        scripts = Counter(map(_script, filter(str.isalpha, unicodedata.normalize("NFC", text))))
        if scripts["ja"]:  # with Chinese letters between the syllables
            scripts["ja"] += scripts.pop("zh", 0)
        if scripts and (most := scripts.most_common(1)[0][0]):
            return next((one for script, one, own in _OWN_LETTERS if script == most and set(own) & set(text)), most)
    return _by_function_words(text)


def foreign_language(text: str) -> str | None:
    """Return the language of a text as `language_of` does; None where that is English."""
    language = language_of(text)
    return None if language == ENGLISH else language


def is_foreign(text: str) -> bool:
    """Return whether a text is in a language that is known, and is not English."""
    return foreign_language(text) is not None


def has_own_latin_words(text: str) -> bool:
    """Return whether a text has the function words of another language, so that English ones may mean something else."""
    return foreign_language(text) in {*FUNCTION_WORDS_OF, UNDETERMINED}


def differ(one: str, other: str) -> bool:
    """Return whether two texts are in different languages, as far as both are known."""
    language = language_of(one)
    return language is not None and language_of(other) not in (None, language)


def _by_function_words(text: str) -> str | None:
    found = WORD.findall(text)
    # "UN" and "MIT" are no function words; but everything may be in capitals
    words = {word.lower() for word in found if len(word) == 1 or not word.isupper() or text.isupper()}
    counts = {language: len(words & listed) for language, listed in FUNCTION_WORDS_OF.items()}
    plain = words if text.isascii() else {_in_plain_letters(word) for word in words}
    for language, listed in TELLING_WORDS_OF.items():
        counts[language] += len(plain & listed)
    if not text.isascii():
        for language, letters in _LETTERS.items():
            counts[language] += any(letter in word for word in words for letter in letters)
    if "'" in text or "’" in text:
        for language in _ELIDING:
            counts[language] += any(ELISION.match(word) for word in words)
    english = ENGLISH if counts[ENGLISH] else None
    best, *others = [language for language, count in counts.items() if count == max(counts.values())]
    if counts[best] == counts[ENGLISH]:
        return english
    telling = words & FUNCTION_WORDS_OF[best] - _ALSO_IN_ENGLISH
    if counts[best] == 1 and plain.isdisjoint(TELLING_WORDS_OF[best]) and (not telling or len(found) < WORDS_MIN):
        return english
    return UNDETERMINED if others else best  # "un" is French, Spanish and Italian


def _in_plain_letters(word: str) -> str:
    """Return a word in lower case without the accents of its letters."""
    return unicodedata.normalize("NFD", word.replace("ß", "ss")).encode("ascii", "ignore").decode()


@lru_cache(TEXTS_REMEMBERED)
def _script(letter: str) -> str:
    """Return the language that a letter's script is taken for; empty for Latin, in which many write."""
    return _SCRIPTS.get(unicodedata.name(letter, UNDETERMINED).split(" ", 1)[0], UNDETERMINED)
