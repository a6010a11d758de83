"""Which pictures a browser shows as they are, told by their content, and how their metadata is cut out."""

from collections.abc import Callable
from dataclasses import dataclass

from runtime.images.metadata import JPEG_START, PNG_SIGNATURE
from runtime.images.stripping.avif import is_avif, strip_avif
from runtime.images.stripping.chunks import strip_png, strip_webp
from runtime.images.stripping.gif import strip_gif
from runtime.images.stripping.jpeg import strip_jpeg
from runtime.images.stripping.pieces import Pieces, Source

START_BYTES = 256


@dataclass(frozen=True, slots=True)
class ShownOriginal:
    """A picture file that a browser shows: its type, and what is sent of it."""

    media_type: str
    pieces: Pieces


def shown_original(descriptor: int, *, with_metadata: bool = False) -> ShownOriginal | None:
    """Return what is sent of an open picture file; None where it must be decoded to be shown.

    Args:
        descriptor: of the file.
        with_metadata: whether all of it is sent.
    """
    source = Source(descriptor)
    media_type, strip = _form_of(source.read(0, START_BYTES))
    if strip is None:
        return None
    pieces = strip(source)  # with its metadata, too, one that no browser shows must be told
    if pieces is None:
        return None
    return ShownOriginal(media_type, _whole(source) if with_metadata else pieces)


def _form_of(start: bytes) -> tuple[str, Callable[[Source], Pieces | None] | None]:
    if start.startswith(JPEG_START):
        return "image/jpeg", strip_jpeg
    if start.startswith(PNG_SIGNATURE):
        return "image/png", strip_png
    if start.startswith(b"RIFF") and start[8:12] == b"WEBP":
        return "image/webp", strip_webp
    if start.startswith((b"GIF87a", b"GIF89a")):
        return "image/gif", strip_gif
    if start.startswith(b"BM"):
        return "image/bmp", _whole  # it has no metadata
    return ("image/avif", strip_avif) if is_avif(start) else ("", None)


def _whole(source: Source) -> Pieces:
    whole = Pieces()
    whole.keep(0, source.size)
    return whole
