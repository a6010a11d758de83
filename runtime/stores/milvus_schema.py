"""The form of a library in Milvus: its collections' names, its fields, a row as it is kept, a condition as an expression.

`export/cluster/load/to_milvus.py` writes it, `milvus.py` reads it. Milvus 2.3 keeps one field of vectors a collection, so
the captions' vectors, which are only ever read by id, are texts: 16-bit floats in base64.
"""

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from runtime.library.image_rows import SOURCES, ImageRow
from runtime.library.photos.photo_facts import PhotoFacts
from runtime.library.picture_text import read_words, write_words
from runtime.library.remote.filter_condition import Condition, Place, TakenRange, folder_of
from runtime.library.remote.rows import StoredPicture

TEXT_MAX_BYTES = 65_535  # of a VARCHAR
ID_LAST = 2**63 - 2  # Milvus 2.3 loses the row of 2**63 - 1
INDEX_TYPE, METRIC = "HNSW", "IP"  # of vectors of norm 1 it is the cosine; as FAISS compares them, rounding included
TEXT_UNREAD, TEXT_NONE, TEXT_SOME = 0, 1, 2  # in the field has_text
ROW_FIELDS = ("image_id", "path", "sha256", "record", "words", "has_text")
NAMED_FIELDS = ("path", "sha256", "folder", "taken", "place", "camera")  # which are filtered and looked up by


def generation_name(collection: str, number: int) -> str:
    """Return the name of a generation's own collection."""
    return f"{collection}_g{number:06}"


def generation_number(collection: str, name: str) -> int | None:
    """Return the number of a generation, None where a collection is no generation of this library."""
    before, _, digits = name.rpartition("_g")
    return int(digits) if before == collection and digits.isdecimal() else None


def manifests_name(collection: str) -> str:
    """Return the name of the collection with the manifests of all generations."""
    return f"{collection}_manifest"


def write_picture(picture: StoredPicture) -> dict[str, Any]:
    """Return a picture's fields but for its vectors, of any length; Milvus takes texts of `TEXT_MAX_BYTES`."""
    row, facts = picture.row, picture.facts
    record = {
        "size": [row.bytes, row.width, row.height],
        "mtime_ns": row.mtime_ns,
        "caption": row.caption,
        "caption_source": row.caption_source,
        "other_captions": row.other_captions,
        "facts": {name: value for name, value in asdict(facts).items() if value not in (None, ())},
    }
    return {
        "image_id": row.id,
        "path": row.image_path,
        "sha256": row.sha256,
        "folder": folder_of(row.image_path),
        "taken": facts.taken or "",
        "place": _place_key((facts.place, facts.country)),
        "camera": facts.camera or "",
        "has_text": TEXT_UNREAD if picture.words is None else TEXT_SOME if picture.words else TEXT_NONE,
        "record": json.dumps(record, ensure_ascii=False, separators=(",", ":")),
        "words": write_words(picture.words or ()),
    }


def read_picture(fields: Mapping[str, Any]) -> StoredPicture:
    """Return the picture in `ROW_FIELDS`.

    Raises:
        ValueError, TypeError, KeyError, IndexError: they are not as `write_picture` returns them.
    """
    record = json.loads(fields["record"])
    size, known = record["size"], record["facts"]
    row = ImageRow(
        int(fields["image_id"]),
        str(fields["path"]),
        str(fields["sha256"]),
        int(size[0]),
        int(size[1]),
        int(size[2]),
        record["caption"],
        record["mtime_ns"],
        caption_source=SOURCES[record["caption_source"]],
        other_captions=tuple(record["other_captions"]),
    )
    facts = PhotoFacts(**known | {"keywords": tuple(known.get("keywords", ()))})
    return StoredPicture(row, facts, None if fields["has_text"] == TEXT_UNREAD else read_words(fields["words"]))


def write_vector(vector: NDArray[np.float16]) -> str:
    """Return a caption's vector, (d,), as its field holds it."""
    return base64.b64encode(vector.astype("<f2").tobytes()).decode()


def read_vector(text: str, dimension: int) -> NDArray[np.float32]:
    """Return a caption's vector, (d,); raises ValueError where the field holds none of this length."""
    try:
        vector = np.frombuffer(base64.b64decode(text, validate=True), "<f2")
    except binascii.Error as cause:
        raise ValueError("no base64") from cause
    if vector.shape != (dimension,):
        raise ValueError(f"{vector.size} dimensions in place of {dimension}")
    return vector.astype(np.float32)


def expression_of(condition: Condition) -> str:
    """Return a condition as Milvus is asked with it; empty where all rows meet it."""
    parts = []
    if condition.taken is not None:
        parts.append(_in_time(condition.taken))
    if condition.places is not None:
        parts.append(is_among("place", [_place_key(place) for place in condition.places]))
    if condition.cameras is not None:
        parts.append(is_among("camera", condition.cameras))
    if condition.folders is not None:
        parts.append(is_among("folder", condition.folders))
    if condition.has_text is not None:
        parts.append(f"has_text == {TEXT_SOME if condition.has_text else TEXT_NONE}")
    return " and ".join(f"({part})" for part in parts)


def is_among(field: str, values: Sequence[str]) -> str:
    """Return the expression for a field that has one of some texts."""
    return f"{field} in [{', '.join(map(quoted, values))}]"


def has_id(ids: Sequence[int]) -> str:
    """Return the expression for rows of these ids."""
    return f"image_id in [{', '.join(map(str, map(int, ids)))}]"


def quoted(text: str) -> str:
    """Return a text as a literal, so that nothing in it is an operator."""
    return json.dumps(text, ensure_ascii=False)


def _in_time(taken: TakenRange) -> str:
    bounds = [f"taken >= {quoted(taken.first)}" if taken.first is not None else 'taken > ""']  # "": it is not known
    if taken.before is not None:
        bounds.append(f"taken < {quoted(taken.before)}")
    between = " and ".join(bounds)
    return f"({between}) or {is_among('taken', taken.also)}" if taken.also else between


def _place_key(place: Place) -> str:
    town, country = place
    return f"{town or ''}|{country or ''}" if town or country else ""
