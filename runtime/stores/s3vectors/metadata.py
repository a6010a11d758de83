"""What stands beside a vector in S3 Vectors: a picture's row, and what searches filter by. Within the service's limits.

Owns the keys and the form of the metadata; `export/cluster/load_s3vectors.py` writes it. Asks nothing of the service.
"""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import numpy as np
from numpy.typing import NDArray

from runtime.library.image_rows import SOURCES, ImageRow
from runtime.library.photo_facts import PhotoFacts
from runtime.library.picture_text import NO_WORDS, read_words
from runtime.library.remote.condition import folder_of
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
# Columns of shards that one key holds as JSON; what is not known is left out.
ROW_COLUMNS = (
    "path",
    "sha256",
    "width",
    "height",
    "bytes",
    "mtime_ns",
    "taken",
    "taken_source",
    "offset_minutes",
    "place",
    "country",
    "latitude",
    "longitude",
    "camera",
    "keywords",
    "rating",
    "caption_source",
    "other_captions",
    "made_caption",
)
CAN_BE_LEFT_OUT = ("keywords", "other_captions", "made_caption")  # where all of it is too long
FACTS = (
    "taken",
    "taken_source",
    "offset_minutes",
    "camera",
    "latitude",
    "longitude",
    "place",
    "country",
)
Metadata = dict[str, Any]
Columns = Mapping[str, Any]
Vectors = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Packed:
    """A picture's metadata, and what had to be left out of it to stay within the limits: names of columns, or "folders"."""

    metadata: Metadata
    left_out: tuple[str, ...] = ()


def pack_picture(picture: Columns) -> Packed:
    """Return the metadata of a picture.

    Args:
        picture: the columns of shards but the vector; `caption_embedding` as an array, (d,) float16. What is not known is
            None or absent.

    Raises:
        ValueError: its path or its caption is too long even so.
    """
    metadata, left_out = _filterable(picture)
    row = {name: picture[name] for name in ROW_COLUMNS if picture.get(name) not in (None, [])}
    metadata[ROW] = _json(row)
    if (caption := picture.get("caption")) is not None:
        metadata[CAPTION] = caption
    if (vector := picture.get("caption_embedding")) is not None:
        metadata[CAPTION_VECTOR] = pack_vector(vector)
    if bytes_of(metadata) > METADATA_MAX_BYTES:
        left_out += [name for name in CAN_BE_LEFT_OUT if name in row]
        metadata[ROW] = _json({name: value for name, value in row.items() if name not in CAN_BE_LEFT_OUT})
    if (text := picture.get("text")) is not None:
        room = METADATA_MAX_BYTES - bytes_of({**metadata, TEXT: ""})
        metadata[TEXT] = _first_words(text, room)
        left_out += [TEXT] if metadata[TEXT] != text else []
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
    image = ImageRow(
        image_id,
        *(_of_kind(row[name], str) for name in ("path", "sha256")),
        *(_of_kind(row[name], int) for name in ("bytes", "width", "height")),
        caption=None if caption is None else _of_kind(caption, str),
        mtime_ns=row.get("mtime_ns"),
        caption_source=SOURCES[row.get("caption_source", "index")],
        other_captions=tuple(row.get("other_captions", ())),
    )
    facts = PhotoFacts(*(row.get(name) for name in FACTS), keywords=tuple(row.get("keywords", ())), rating=row.get("rating"))
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


def _filterable(picture: Columns) -> tuple[Metadata, list[str]]:
    """Return what filters may name, and what had to be left out."""
    path, text = picture["path"], picture.get("text")
    facts: Metadata = {PATH: token_of(path), CONTENT: token_of(picture["sha256"]), FOLDER: token_of(folder_of(path))}
    if taken := picture.get("taken"):
        facts[TAKEN] = date_number(taken)
    if picture.get("place") or picture.get("country"):
        facts[PLACE] = place_name(picture.get("place"), picture.get("country"))
    facts |= {name: picture[name] for name in (COUNTRY, CAMERA) if picture.get(name)}
    if text is not None:
        facts[HAS_TEXT] = text != NO_WORDS
    tokens = [token_of(folder) for folder in folders_above(path)]
    room = FILTERABLE_MAX_BYTES - bytes_of({**facts, UNDER: []})
    kept = tokens[: room // (len(_json(tokens[0])) + 1)]
    facts[UNDER] = kept
    return facts, [] if len(kept) == len(tokens) else ["folders"]


def _first_words(text: str, max_bytes: int) -> str:
    """Return a picture's text, or its first words that fit, in the same form."""

    def fits(some: str) -> bool:
        return len(_json(some).encode()) <= max_bytes

    if fits(text):
        return text
    words = json.loads(text)
    low, high = 0, len(words) - 1
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if fits(_json(words[:middle])) else (low, middle - 1)
    return _json(words[:low])


def _of_kind(value: Any, kind: type) -> Any:  # noqa: ANN401 (what JSON may hold)
    if type(value) is not kind:
        raise TypeError(f"{value!r} is no {kind.__name__}")
    return value


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
