"""What stands beside a vector in S3 Vectors: a picture's row, and what searches filter by. Within the service's limits.

Owns the keys and the form of the metadata; `export/cluster/load/to_s3vectors.py` writes it. Asks nothing of the service.
"""

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import numpy as np
from numpy.typing import NDArray

from runtime.library.image_rows import SOURCES, ImageRow
from runtime.library.photos.photo_facts import PHOTO_FACTS_COLUMNS, PhotoFacts
from runtime.library.picture_text import PictureWord, read_words, write_words
from runtime.library.remote.filter_condition import folder_of
from runtime.library.remote.rows import StoredPicture

# The limits are in the user guide, "Limitations and restrictions"; it does not say how bytes count, and JSON has the most.
METADATA_MAX_BYTES, FILTERABLE_MAX_BYTES = 40 * 1024, 2 * 1024
# Keys that no filter may name, which have the larger limit. Captions and texts have keys of their own, so that the service's
# full-text search can be turned on for them without loading again.
CAPTION, TEXT, CAPTION_VECTOR, ROW = "caption", "text", "caption_embedding", "row"
NOT_FILTERABLE = (CAPTION, TEXT, CAPTION_VECTOR, ROW)
TAKEN, PLACE, COUNTRY, CAMERA, HAS_TEXT = "taken", "place", "country", "camera", "has_text"
PATH, CONTENT, FOLDER, UNDER = "path", "content", "folder", "under"  # tokens: names have any length, these have eight bytes
TOKEN_BYTES = 6  # 48 bits: two of a million folders share one with a chance of 1 in 500
CAN_BE_LEFT_OUT = ("keywords", "other_captions")  # where all of it is too long
FACTS = tuple(PHOTO_FACTS_COLUMNS.split(", "))
Metadata = dict[str, Any]
Vectors = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Packed:
    """A picture's metadata, and what had to be left out of it to stay within the limits, in words."""

    metadata: Metadata
    left_out: tuple[str, ...] = ()


def pack_picture(picture: StoredPicture, caption_vector: NDArray[np.floating] | None) -> Packed:
    """Return the metadata of a picture, given the vector of its caption, (d,).

    Raises:
        ValueError: its path or its caption is too long, even without what can be left out.
    """
    metadata, left_out = _filterable(picture)
    row, words = _row_of(picture), picture.words
    metadata[ROW] = _json(row)
    if (caption := picture.row.caption) is not None:
        metadata[CAPTION] = caption
    if caption_vector is not None:
        metadata[CAPTION_VECTOR] = pack_vector(caption_vector)
    if bytes_of(metadata) > METADATA_MAX_BYTES:
        left_out += [name.replace("_", " ") for name in CAN_BE_LEFT_OUT if name in row]
        metadata[ROW] = _json({name: value for name, value in row.items() if name not in CAN_BE_LEFT_OUT})
    if words is not None:
        room = METADATA_MAX_BYTES - bytes_of({**metadata, TEXT: ""})
        metadata[TEXT], fitted = _first_words(words, room)
        left_out += ["words in them"] if fitted < len(words) else []
    if bytes_of(metadata) > METADATA_MAX_BYTES:
        raise ValueError(f"its row has {bytes_of(metadata):,} bytes, and at most {METADATA_MAX_BYTES:,} fit")
    return Packed(metadata, tuple(left_out))


def unpack_picture(image_id: int, metadata: Metadata) -> StoredPicture:
    """Return the picture that `pack_picture` was given.

    Raises:
        ValueError, KeyError, TypeError: it is no metadata of this form.
    """
    row = json.loads(metadata[ROW])
    caption, text = metadata.get(CAPTION), metadata.get(TEXT)
    path, digest = (_of_kind(row[name], str) for name in ("path", "sha256"))
    length, width, height = (_of_kind(row[name], int) for name in ("bytes", "width", "height"))
    image = ImageRow(
        image_id,
        path,
        digest,
        length,
        width,
        height,
        caption=None if caption is None else _of_kind(caption, str),
        mtime_ns=row.get("mtime_ns"),
        caption_source=SOURCES[row["caption_source"]],
        other_captions=tuple(row.get("other_captions", ())),
    )
    facts = PhotoFacts(**{name: row.get(name) for name in FACTS} | {"keywords": tuple(row.get("keywords", ()))})
    return StoredPicture(image, facts, None if text is None else read_words(_of_kind(text, str)))


def pack_vector(vector: NDArray[np.floating]) -> str:
    """Return a vector as text: 16-bit floats, the lowest byte first, in base64."""
    return base64.b64encode(vector.astype("<f2").tobytes()).decode()


def unpack_vector(text: str) -> Vectors:
    """Return the vector in a text, (d,) float32; raises ValueError where it has none."""
    return np.frombuffer(base64.b64decode(text, validate=True), "<f2").astype(np.float32)


def bytes_of(metadata: Metadata) -> int:
    """Return how much of the limits some metadata takes, at most."""
    return len(_json(metadata).encode())


def date_number(taken: str, unknown: str = "0") -> int:
    """Return a date as a number in the order of the texts, as the service compares numbers alone: 2019-06 is 20190600000000.

    What is not known becomes `unknown`, a digit.
    """
    return int("".join(digit for digit in taken if digit.isdigit())[:14].ljust(14, unknown))


def place_name(town: str | None, country: str | None) -> str:
    """Return the one text that stands for a town in a country."""
    return f"{country or ''}/{town or ''}"


def token_of(name: str) -> str:
    """Return eight characters that stand for a name."""
    return base64.urlsafe_b64encode(sha256(name.encode()).digest()[:TOKEN_BYTES]).decode()


def folders_above(path: str) -> list[str]:
    """Return a picture's folder and those that it lies in, the outermost ("") first; each but that ends with a slash."""
    names = path.split("/")[:-1]
    return ["".join(f"{name}/" for name in names[:depth]) for depth in range(len(names) + 1)]


def _row_of(picture: StoredPicture) -> dict[str, Any]:
    """Return what the key `row` holds; what is not known is left out."""
    row, facts = picture.row, picture.facts
    known = {name: getattr(row, name) for name in ("sha256", "bytes", "width", "height", "mtime_ns", "caption_source")}
    known |= {"path": row.image_path, "other_captions": row.other_captions}
    known |= {name: getattr(facts, name) for name in FACTS}
    return {name: value for name, value in known.items() if value not in (None, ())}


def _filterable(picture: StoredPicture) -> tuple[Metadata, list[str]]:
    """Return what filters may name, and what had to be left out."""
    row, facts = picture.row, picture.facts
    path = row.image_path
    held: Metadata = {PATH: token_of(path), CONTENT: token_of(row.sha256), FOLDER: token_of(folder_of(path))}
    if facts.taken:
        held[TAKEN] = date_number(facts.taken)
    if facts.place or facts.country:
        held[PLACE] = place_name(facts.place, facts.country)
    held |= {name: value for name, value in ((COUNTRY, facts.country), (CAMERA, facts.camera)) if value}
    if picture.words is not None:
        held[HAS_TEXT] = bool(picture.words)
    tokens = [token_of(folder) for folder in folders_above(path)]
    room = FILTERABLE_MAX_BYTES - bytes_of({**held, UNDER: []})
    held[UNDER] = tokens[: room // (len(_json(tokens[0])) + 1)]
    return held, [] if len(held[UNDER]) == len(tokens) else ["folders to filter by"]


def _first_words(words: Sequence[PictureWord], max_bytes: int) -> tuple[str, int]:
    """Return the text of as many words as fit, and how many those are."""

    def fits(count: int) -> bool:
        return len(_json(write_words(words[:count])).encode()) <= max_bytes

    low, high = (len(words),) * 2 if fits(len(words)) else (0, len(words) - 1)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if fits(middle) else (low, middle - 1)
    return write_words(words[:low]), low


def _of_kind(value: Any, kind: type) -> Any:  # noqa: ANN401 (what JSON may hold)
    if type(value) is not kind:
        raise TypeError(f"{value!r} is no {kind.__name__}")
    return value


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
