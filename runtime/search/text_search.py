"""Pictures found by words: by those of their captions, and of the names of their files and folders.

What a word is, `text_words.py` says; where it stands, the catalogue's full-text index.
"""

from runtime.library.catalog import Library
from runtime.search.text_words import words_of_text


def find_by_words(library: Library, text: str, limit: int) -> list[int]:
    """Return the ids of at most `limit` pictures that hold all content words of a text, or else some, best first.

    Words are compared by their stems. Pictures that have all words whole come first, those with the shortest caption before
    the others, as its words cover more of it. Then come pictures that have the last word as the beginning of one, and then
    those that have some of the words, the rarest first. Where more pictures hold all words than are looked at, which ones
    are is decided by their ids. A text without content words ("the photo") is looked for in names alone. Any text may be
    given; it is no query language.

    Returns:
        The ids, each once. Empty where no picture has any of the words, and where the index has no full text.
    """
    wanted = words_of_text(text)
    if not wanted.words or limit < 1:
        return []
    return library.text.find(wanted.words, limit, last=wanted.last, names_only=wanted.names_only)
