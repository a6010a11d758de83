"""What a picture says in letters, as a sentence."""

from runtime.explain.quoting import quote_text, quote_words
from runtime.search.written_text import Writing


def says(writing: Writing) -> str:
    """Return the sentence about a picture's text; empty where the query names none of it."""
    if writing.is_whole:
        return f"The picture says {quote_text(writing.quote)}."
    words = list(dict.fromkeys(word.text for word in writing.words))
    return f"The picture says {quote_words(words, 'and')}." if words else ""
