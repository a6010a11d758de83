"""The part of a text that fits, cut between words. Knows no tokenizer."""


def whole_words(text: str, end: int) -> str:
    """Return the whole words of a text that end by `end`, in characters; of a single longer word, its first letters."""
    part, cut_word = text[:end], text[end : end + 1].strip()
    return (part.rpartition(" ")[0].rstrip() if cut_word else "") or part.rstrip()
