"""ICC profiles made by hand, and pictures whose numbers are colours of theirs."""

import struct
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

D50 = (0.9642, 1.0, 0.8249)
# columns: XYZ of red, green and blue under D50, as lcms and Apple's profiles have them
SRGB = np.array([[0.43607, 0.38515, 0.14307], [0.22249, 0.71687, 0.06061], [0.01392, 0.09708, 0.71410]])
DISPLAY_P3 = np.array([[0.51512, 0.29198, 0.15710], [0.24120, 0.69225, 0.06657], [-0.00105, 0.04189, 0.78407]])


def rgb_profile(primaries: NDArray[np.float64] = DISPLAY_P3, space: bytes = b"RGB ") -> bytes:
    """Return a profile of version 4 with these primaries and sRGB's curve."""
    curve = b"para" + bytes(4) + struct.pack(">HH", 3, 0) + _fixed([2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045])
    tags = {b"wtpt": _xyz(D50), b"rTRC": curve, b"gTRC": curve, b"bTRC": curve}
    tags |= {name: _xyz(column) for name, column in zip((b"rXYZ", b"gXYZ", b"bXYZ"), primaries.T.tolist(), strict=True)}
    return _profile(space, tags)


def grey_profile(gamma: float) -> bytes:
    curve = b"curv" + bytes(4) + struct.pack(">IHH", 1, round(gamma * 256), 0)
    return _profile(b"GRAY", {b"wtpt": _xyz(D50), b"kTRC": curve})


def in_display_p3(image: Image.Image) -> Image.Image:
    """Return a picture whose numbers in Display P3 are the colours that those of `image` are in sRGB."""
    return _between_primaries(image, SRGB, DISPLAY_P3)


def exactly_in_srgb(wide: Image.Image) -> Image.Image:
    """Return what a picture in Display P3 is in sRGB, reckoned in float64 and rounded once."""
    return _between_primaries(wide, DISPLAY_P3, SRGB)


def _between_primaries(image: Image.Image, given: NDArray[np.float64], wanted: NDArray[np.float64]) -> Image.Image:
    encoded = np.asarray(image, dtype=float) / 255
    linear = np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)
    mixed = np.clip(linear @ (np.linalg.inv(wanted) @ given).T, 0, 1)
    levels = np.where(mixed <= 0.0031308, mixed * 12.92, 1.055 * mixed ** (1 / 2.4) - 0.055) * 255
    return Image.fromarray(levels.round().astype(np.uint8))


def _profile(space: bytes, tags: dict[bytes, bytes]) -> bytes:
    table, body, at = struct.pack(">I", len(tags)), b"", 128 + 4 + 12 * len(tags)
    for name, value in tags.items():
        table += name + struct.pack(">II", at + len(body), len(value))
        body += value
    head = struct.pack(">I4sI4s4s4s12s4s", at + len(body), bytes(4), 0x04000000, b"mntr", space, b"XYZ ", bytes(12), b"acsp")
    head += bytes(28) + _fixed(D50)
    return head.ljust(128, b"\0") + table + body


def _xyz(values: Sequence[float]) -> bytes:
    return b"XYZ " + bytes(4) + _fixed(values)


def _fixed(values: Sequence[float]) -> bytes:
    """Return numbers in 15 bits before the point and 16 behind it."""
    return struct.pack(f">{len(values)}i", *(round(value * 65536) for value in values))
