"""Text as it is compared: without case and accents."""

import re
import unicodedata

_ACCENTS = re.compile("[\u0300-\u036f]")
_WORD = re.compile(r"[^\W_]+")


def fold(text: str) -> str:
    """Return the text in lower case and without accents: "Café" becomes "cafe", "Straße" becomes "strasse"."""
    if text.isascii():
        return text.lower()
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return unicodedata.normalize("NFKC", _ACCENTS.sub("", decomposed)).casefold()


def folded_words(text: str) -> tuple[str, ...]:
    """Return the words of a name, folded: "Saint-Étienne" has "saint" and "etienne"."""
    return tuple(_WORD.findall(fold(text)))
