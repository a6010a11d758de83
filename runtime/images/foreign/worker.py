"""The process that takes pictures out of HEIC and RAW files; `unwrapping.py` starts it."""

from contextlib import suppress
from typing import Any

from runtime.errors import ImageUnreadable
from runtime.images import reasons
from runtime.images.file_types import Reader
from runtime.images.foreign.heif import unwrap_heif
from runtime.images.foreign.raw import unwrap_raw
from runtime.images.foreign.unwrapping import INSTALL_EXTRA
from runtime.images.limits import PictureLimits
from runtime.images.worker_loop import Answer, serve


def answer_to(header: dict[str, Any], content: bytes) -> Answer:
    """Return the size of the upright whole picture in a file, and the picture as TIFF or JPEG.

    Raises:
        ImageUnreadable: it cannot be decoded, or its package cannot be loaded.
        ImageTooLarge: it is over a limit.
    """
    unwrap = {Reader.HEIF: unwrap_heif, Reader.RAW: unwrap_raw}[Reader(header["reader"])]
    try:
        unwrapped, (width, height) = unwrap(content, header["name"], PictureLimits(**header["limits"]))
    except ImportError as cause:  # it is installed, but for another system, or what it needs is not there
        raise ImageUnreadable(header["name"], f"{reasons.EXTRA_BROKEN} ({cause}); {INSTALL_EXTRA}") from cause
    return {"width": width, "height": height}, unwrapped


if __name__ == "__main__":
    with suppress(ImportError):
        import pillow_heif  # noqa: F401 (its library is loaded before `serve` limits the memory)
    with suppress(ImportError):
        import rawpy  # noqa: F401 (its library is loaded before `serve` limits the memory)
    serve(answer_to)
