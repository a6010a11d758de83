"""The name of a camera, of what maker and model say in turn: "NIKON CORPORATION" and "NIKON D850" are a Nikon D850."""

import re

from export.index.photos.texts import clean

# What companies add to their names
COMPANY_WORDS = (
    "ag camera cameras co company computer corp corporation digital electric electronics gmbh imaging inc incorporated kk "
    "ltd mobile optical solutions techwin technologies"
)
COMPANY = frozenset(COMPANY_WORDS.split())
LETTERS_OF_A_NAME = 4  # capitals of fewer are letters: LG, HTC, DJI, OM


def name_camera(maker: str, model: str) -> str | None:
    """Return maker and model as one name; None where neither says anything.

    The maker loses what companies add to their names, and is written with one capital. Where the model begins with one of
    its words, that word alone stands for the maker.
    """
    maker, model = clean(maker), clean(model)
    if not any(char.isalnum() for char in f"{maker}{model}"):
        return None
    made_by = [word for word in re.split(r"[\s,.]+", maker) if word and word.lower() not in COMPANY]
    words = model.split()
    if words and (first := next((word for word in made_by if _begins_with(words[0], word)), None)):
        return " ".join([_written(first) + words[0][len(first) :], *words[1:]])
    return clean(" ".join([*map(_written, made_by), *words])) or None


def _begins_with(word: str, name: str) -> bool:
    rest = word[len(name) :]
    return word.lower().startswith(name.lower()) and not rest[:1].isalnum()


def _written(name: str) -> str:
    if (name.isupper() and len(name) >= LETTERS_OF_A_NAME) or (name.islower() and name.isalpha()):
        return "-".join(part.capitalize() for part in name.split("-"))
    return name
