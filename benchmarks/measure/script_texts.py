"""Texts in ten scripts, the same on every machine, to compare tokenizers on. Owns the letters and what is put between words.

The texts mean nothing: their words are drawn from letters, or from a vocabulary's own entries.
"""

import random
import unicodedata
from collections.abc import Sequence

# First and last of each script's letters; Han stands beside Kana, as in Japanese.
SCRIPTS: dict[str, tuple[tuple[int, int], ...]] = {
    "Latin": ((0x41, 0x5A), (0x61, 0x7A), (0xC0, 0x17F)),
    "Greek": ((0x391, 0x3C9),),
    "Cyrillic": ((0x410, 0x44F),),
    "Hebrew": ((0x5D0, 0x5EA),),
    "Arabic": ((0x621, 0x64A),),
    "Devanagari": ((0x904, 0x94D),),
    "Thai": ((0xE01, 0xE4B),),
    "Hangul": ((0xAC00, 0xD7A3),),
    "Japanese": ((0x3041, 0x30FE), (0x4E00, 0x5FFF)),
    "Georgian": ((0x10D0, 0x10FA),),
}
BETWEEN = (" ", " ", " ", " ", "  ", ", ", ". ", "-", "\n", "\t", "", "! ", " 1887 ", " 🐶 ", " <b>", "\u200d", "’")
WORDS_MAX, LETTERS_MAX = 14, 9


def draw_texts(count: int, *, seed: int = 0, vocabulary: Sequence[str] = ()) -> dict[str, list[str]]:
    """Return `count` texts for each of the ten scripts, by the script's name.

    Args:
        count: of texts for each script.
        seed: of the draw.
        vocabulary: entries of a tokenizer; half of the words are made of those in the text's script.
    """
    rng = random.Random(seed)
    return {name: _draw(rng, count, _letters(ranges), _entries(ranges, vocabulary)) for name, ranges in SCRIPTS.items()}


def _draw(rng: random.Random, count: int, letters: Sequence[str], entries: Sequence[str]) -> list[str]:
    def word() -> str:
        if entries and rng.random() < 0.5:
            return "".join(rng.choices(entries, k=rng.randint(1, 3)))
        drawn = "".join(rng.choices(letters, k=rng.randint(1, LETTERS_MAX)))
        return drawn.upper() if rng.random() < 0.1 else drawn

    return ["".join(word() + rng.choice(BETWEEN) for _ in range(rng.randint(0, WORDS_MAX))) for _ in range(count)]


def _letters(ranges: tuple[tuple[int, int], ...]) -> list[str]:
    signs = (chr(code) for first, last in ranges for code in range(first, last + 1))
    return [sign for sign in signs if unicodedata.category(sign) != "Cn"]


def _entries(ranges: tuple[tuple[int, int], ...], vocabulary: Sequence[str]) -> list[str]:
    letters = set(_letters(ranges))
    spelt = (entry.replace("▁", " ") for entry in vocabulary)
    return [entry for entry in spelt if entry.strip() and letters.issuperset(entry.replace(" ", ""))]
