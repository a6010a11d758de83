"""A picture's greys at 32 x 32, and the perceptual hash made of them: 64 bits that change little when it is saved again.

The hash is equal to `phash` of the package imagehash 4.3, which needs SciPy and PyWavelets: the signs of the low frequencies
of a discrete cosine transform, compared with their median. Knows no file and no index.
"""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from PIL.Image import Image

GREY_EDGE, LOW = 32, 8  # pixels of an edge; the frequencies that are kept along it
HASH_BITS = LOW * LOW
# A shortest edge of twice as many pixels or more is first divided by a whole number: 11 ms at 12 megapixels, 3 at 2. Then
# the hash may differ from imagehash's in a bit or two.
SHRUNK_EDGE = 256
LANCZOS = 1  # Pillow's number for it
_AT = np.arange(GREY_EDGE)
COSINES = np.cos(np.pi * (2 * _AT + 1) * _AT[:LOW, None] / (2 * GREY_EDGE))  # (LOW, GREY_EDGE): DCT-II, not scaled


def shrink_to_greys(image: "Image") -> bytes:
    """Return the greys of an RGB picture, stretched to `GREY_EDGE` pixels on both edges, row by row."""
    factor = max(1, min(image.size) // SHRUNK_EDGE)
    smaller = image.reduce(factor) if factor > 1 else image
    return smaller.convert("L").resize((GREY_EDGE, GREY_EDGE), LANCZOS).tobytes()


def perceptual_hash(greys: bytes) -> bytes:
    """Return the `HASH_BITS` bits of a picture's greys, that of the lowest frequency first, then along its first row."""
    pixels = np.frombuffer(greys, np.uint8).reshape(GREY_EDGE, GREY_EDGE).astype(np.float64)
    low = COSINES @ pixels @ COSINES.T  # (LOW, LOW), each row of one vertical frequency
    return np.packbits(low > np.median(low)).tobytes()


def details(greys: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return what greys hold beyond their means over 2 x 2 pixels, as vectors of norm 1, or 0 where they hold nothing.

    Args:
        greys: (n, GREY_EDGE ** 2), as `shrink_to_greys` returns them.

    Returns:
        (n, GREY_EDGE ** 2): the dot product of two is how far pictures agree in what is fine in them, from -1 to 1.
    """
    half = GREY_EDGE // 2
    blocks = greys.astype(np.float32).reshape(-1, half, 2, half, 2)
    fine = (blocks - blocks.mean(axis=(2, 4), keepdims=True)).reshape(len(greys), -1)
    unit: NDArray[np.float32] = fine / np.maximum(np.linalg.norm(fine, axis=1, keepdims=True), 1e-6)
    return unit
