"""A HEIC or RAW file as one that Pillow reads: its picture as TIFF or JPEG. What is no picture at all is named here, too.

Its work is imported when it is used: most starts meet neither.
"""

from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec

from runtime.errors import ImageUnreadable
from runtime.images import reasons
from runtime.images.file_types import Kind, Reader, kind_of
from runtime.images.limits import PictureLimits

INSTALL_EXTRA = "pip install 'lookwhy[photos]'"
PACKAGES = {Reader.HEIF: "pillow_heif", Reader.RAW: "rawpy"}


@dataclass(frozen=True, slots=True)
class Unwrapped:
    """A file that Pillow reads, and the size in pixels of the upright whole; None where the file itself tells it."""

    content: bytes
    size: tuple[int, int] | None = None


@cache
def can_read(reader: Reader) -> bool:
    """Return whether what this reads can be read here: by Pillow always, by others with the extra "photos" alone."""
    return reader is Reader.PILLOW or (reader in PACKAGES and find_spec(PACKAGES[reader]) is not None)


def why_not_read(kind: Kind) -> str | None:
    """Return why a file of this kind cannot be read here, in words that speak of the picture; None where it can be."""
    if kind.reader is Reader.NO_PICTURE:
        return f"{reasons.NO_PICTURE} {kind.name}"
    if kind.reader is Reader.NONE:
        return f"{reasons.NOT_READ}: {kind.name}"
    return None if can_read(kind.reader) else f"{reasons.EXTRA_ABSENT}: {kind.name}; {INSTALL_EXTRA}"


def unwrapped(content: bytes, name: str, limits: PictureLimits) -> Unwrapped:
    """Return a file as Pillow reads it: most as they are.

    Args:
        content: the whole file.
        name: for errors; its suffix counts where the content leaves open what it is.
        limits: what the picture may have.

    Raises:
        ImageUnreadable: it is no picture, or of a kind that is not read here; or its decoder failed, or ended over it.
        ImageTooLarge: it is over a limit.
    """
    kind = kind_of(content, name)
    if kind.reader is Reader.PILLOW:
        return Unwrapped(content)
    if reason := why_not_read(kind):
        raise ImageUnreadable(name, reason)
    from runtime.images.foreign.worker_pool import unwrap

    return Unwrapped(*unwrap(kind.reader, content, name, limits))
