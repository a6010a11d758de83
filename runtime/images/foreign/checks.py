"""What is checked of a HEIC or RAW before it is decoded, as `opening.py` does for what Pillow reads."""

from runtime.errors import ImageTooLarge
from runtime.images.limits import PictureLimits


def check_size(size: tuple[int, int], wanted_bytes: int, name: str, kind: str, limits: PictureLimits) -> None:
    """Refuse a picture by its size in pixels, and by the memory that decoding it takes.

    Raises:
        ImageTooLarge: it is over a limit.
    """
    pixels = size[0] * size[1]
    if max(size) > limits.max_edge:
        raise ImageTooLarge(name, max(size), limits.max_edge, "pixels on one edge")
    if pixels > limits.max_pixels:
        raise ImageTooLarge(name, pixels, limits.max_pixels, "pixels")
    if wanted_bytes > limits.max_memory_bytes:
        allowed = int(pixels * limits.max_memory_bytes / wanted_bytes)
        raise ImageTooLarge(name, pixels, allowed, f"pixels in a {kind} of its kind")
