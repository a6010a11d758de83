"""The cursor of a search: how far its pages have come, as text that a client sends back. Owns its form and its error.

It is no secret and not signed: it holds a direction and ids, and what it may ask for is bounded, whoever wrote it.
"""

import base64
import struct
import zlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from runtime.errors import RequestError
from runtime.library.image_rows import ID_MAX
from runtime.search.similarity_order import Place

VERSION = 1
FINGERPRINT_BYTES = 8
# version, search, space, shown, step and id of the place, length of the direction, ids ahead
HEAD = struct.Struct(f"<B{FINGERPRINT_BYTES}s{FINGERPRINT_BYTES}sIhqHI")
CHECKSUM = struct.Struct("<I")
CURSOR_MAX_CHARS = 65_536
DIRECTION, ID = np.dtype("<f2"), np.dtype("<i8")
NORM_TOLERANCE = 0.01  # half precision loses 1e-3 at most


class CursorInvalid(RequestError):
    """A cursor is none that this server wrote, or belongs to another search or index."""

    code = "cursor_invalid"

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(f"The cursor {reason}. Send `next` of the page before, or search again without a cursor.")


@dataclass(frozen=True, eq=False)
class Cursor:
    """How far the pages of a search have come.

    `search` and `space` are fingerprints: of what was asked, and of the models and the form of the index, on which the order
    depends. `shown` is how many results there were. Of the order for the `direction`, (d,) float32, all pictures up to
    `place` were shown or are gone, and of those behind it the ones in `ahead`; each stands for its copies.
    """

    search: bytes
    space: bytes
    shown: int
    place: Place
    direction: NDArray[np.float32]
    ahead: tuple[int, ...]

    def __str__(self) -> str:
        """Return it as text: letters, digits, "-" and "_"."""
        counts = (self.shown, self.place.step, self.place.id, len(self.direction), len(self.ahead))
        content = HEAD.pack(VERSION, self.search, self.space, *counts)
        content += self.direction.astype(DIRECTION).tobytes() + np.array(self.ahead, ID).tobytes()
        return _text_of(content + CHECKSUM.pack(zlib.crc32(content)))


def read_cursor(text: str, search: bytes, *, ahead_max: int) -> Cursor:
    """Return the cursor in a text, which must be of the search with this fingerprint.

    Raises:
        CursorInvalid: it is none, or it belongs to another search.
    """
    content = _content(text)
    version, of_search, space, shown, step, image_id, length, count = HEAD.unpack_from(content)
    if version != VERSION:
        raise CursorInvalid("was written by another version of this program")
    if of_search != search:
        raise CursorInvalid("belongs to another search: query, picture, weight and filter must stay as they were")
    ids_at = HEAD.size + length * DIRECTION.itemsize
    if len(content) != ids_at + count * ID.itemsize or count > ahead_max:
        raise CursorInvalid("is damaged")
    direction = np.frombuffer(content, DIRECTION, length, HEAD.size).astype(np.float32)
    ahead = np.frombuffer(content, ID, count, ids_at)
    is_unit = abs(float(np.linalg.norm(direction)) - 1) < NORM_TOLERANCE  # false of NaN, too
    if not is_unit or not 0 <= image_id <= ID_MAX or ((ahead < 1) | (ahead > ID_MAX)).any():
        raise CursorInvalid("is damaged")
    return Cursor(of_search, space, shown, Place(step, image_id), direction, tuple(ahead.tolist()))


def _content(text: str) -> bytes:
    """Return the bytes that a cursor's text stands for, without their checksum, at least a head."""
    if len(text) > CURSOR_MAX_CHARS:
        raise CursorInvalid(f"has {len(text):,} characters; {CURSOR_MAX_CHARS:,} are allowed")
    try:
        content = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except ValueError:  # also of letters outside ASCII
        raise CursorInvalid("is none that this server wrote") from None
    if _text_of(content) != text:  # Python passes over padding and bits that are too many
        raise CursorInvalid("is damaged")
    content, checksum = content[: -CHECKSUM.size], content[-CHECKSUM.size :]
    if len(content) < HEAD.size or CHECKSUM.pack(zlib.crc32(content)) != checksum:
        raise CursorInvalid("is damaged")
    return content


def _text_of(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()
