"""What the name of a picture's file says of a query in words. Pure; knows no store and no catalogue."""

from runtime.library.catalog import ImageRow
from runtime.search.text_words import words_of_path, words_of_text


def named(row: ImageRow, text: str) -> bool:
    """Return whether the path of the picture's file states all words of the text, each as a whole, and at least one."""
    wanted = words_of_text(text).words
    return bool(wanted) and set(wanted) <= set(words_of_path(row.image_path))
