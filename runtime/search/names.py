"""What the name of a picture's file says of a query in words. Pure; knows no store and no catalogue."""

from collections.abc import Sequence

from runtime.library.catalog import ImageRow
from runtime.search.text_words import fold, words_of_path, words_of_text


def which_are_named(rows: Sequence[ImageRow], text: str) -> list[bool]:
    """Return of each row whether its file's path states all words of the text, each as a whole, and at least one.

    What a kind of file is called ("jpg") names no picture by itself.
    """
    wanted = words_of_text(text).words
    return [bool(wanted) and _states(row.image_path, wanted) for row in rows]


def _states(path: str, wanted: Sequence[str]) -> bool:
    folded = fold(path)
    # most paths have none of the words, but for the y of "sky" in "skies"; others are cut into theirs
    if not all(word.removesuffix("y") in folded for word in wanted):
        return False
    ending = words_of_path(path.rpartition(".")[2])
    return set(wanted) <= set(words_of_path(path)) and not set(wanted) <= set(ending)
