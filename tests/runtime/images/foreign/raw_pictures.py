"""RAW files made here, by hand: a mosaic of one colour, with or without the camera's preview beside it."""

import io
import struct
from collections.abc import Callable, Sequence

import numpy as np
from PIL import Image

FORMS = {"B": 1, "s": 2, "H": 3, "I": 4, "R": 5, "r": 10}  # TIFF's types by letter
SENSOR = (960, 640)  # LibRaw takes smaller ones for none
SENSOR_COLOUR = (200, 60, 60)
CFA, IDENTITY = 32803, (1, 1, 0, 1, 0, 1, 0, 1, 1, 1, 0, 1, 0, 1, 0, 1, 1, 1)
Entry = tuple[int, str, Sequence[int] | bytes]


def preview(size: tuple[int, int] = (1200, 800), **options: object) -> bytes:
    """Return a JPEG whose left third is blue and the rest green."""
    image = Image.new("RGB", size, (0, 160, 0))
    image.paste((0, 0, 200), (0, 0, size[0] // 3, size[1]))
    jpeg = io.BytesIO()
    image.save(jpeg, "JPEG", quality=90, **options)
    return jpeg.getvalue()


def mosaic() -> bytes:
    """Return the sensor's numbers, of 16 bits, in the order red, green, green, blue."""
    red, green, blue = (round((one / 255) ** 2.2 * 16383) for one in SENSOR_COLOUR)
    numbers = np.empty((SENSOR[1], SENSOR[0]), np.uint16)
    numbers[::2, ::2], numbers[1::2, 1::2] = red, blue
    numbers[::2, 1::2] = numbers[1::2, ::2] = green
    return numbers.tobytes()


def tiff(directory: Sequence[Entry], data: bytes, others: Sequence[tuple[Sequence[Entry], bytes]] = ()) -> bytes:
    """Return a little-endian TIFF of one directory with its picture's bytes, and of others below it (SubIFDs)."""
    parts, at = [b""], 8

    def put(part: bytes) -> int:
        nonlocal at
        start, padded = at, part + b"\0" * (len(part) % 2)
        parts.append(padded)
        at += len(padded)
        return start

    def put_directory(entries: Sequence[Entry], picture: bytes) -> int:
        more: list[Entry] = [(273, "I", [put(picture)]), (279, "I", [len(picture)])]
        packed = [_packed(tag, form, values, put) for tag, form, values in sorted([*entries, *more])]
        return put(struct.pack("<H", len(packed)) + b"".join(packed) + bytes(4))

    below = [put_directory(*other) for other in others]
    first = put_directory([*directory, *([(330, "I", below)] if below else [])], data)
    return struct.pack("<2sHI", b"II", 42, first) + b"".join(parts)


def _packed(tag: int, form: str, values: Sequence[int] | bytes, put: Callable[[bytes], int]) -> bytes:
    content = (
        values if isinstance(values, bytes) else struct.pack(f"<{len(values)}{form.upper().replace('R', 'i')}", *values)
    )
    count = len(values) // (2 if form in "Rr" else 1)
    value = content.ljust(4, b"\0") if len(content) <= 4 else struct.pack("<I", put(content))
    return struct.pack("<HHI", tag, FORMS[form], count) + value


def raw_tiff(
    make: str, model: str, *, compression: int = 1, orientation: int = 1, dng: bool = False, jpeg: bytes | None = None
) -> bytes:
    """Return a TIFF with a mosaic as cameras write it, and a JPEG as its preview.

    The mosaic is what it is only with compression 1; of the makers' own, the header alone is right.
    """
    width, height = SENSOR
    entries: list[Entry] = [
        (254, "I", [0]), (256, "I", [width]), (257, "I", [height]), (258, "H", [16]),
        (259, "H", [compression]), (262, "H", [CFA]),
        (271, "s", make.encode() + b"\0"), (272, "s", model.encode() + b"\0"), (274, "H", [orientation]), (277, "H", [1]),
        (278, "I", [height]), (33421, "H", [2, 2]), (33422, "B", [0, 1, 1, 2]),
    ]  # fmt: skip
    if dng:
        entries += [(50706, "B", [1, 4, 0, 0]), (50707, "B", [1, 1, 0, 0]), (50708, "s", b"Lookwhy\0"), (50714, "H", [0])]
        entries += [(50717, "H", [16383]), (50721, "r", IDENTITY), (50728, "R", [1, 1] * 3), (50778, "H", [21])]
    if jpeg is None:
        return tiff(entries, mosaic())
    with Image.open(io.BytesIO(jpeg)) as image:
        size = image.size
    shown: list[Entry] = [
        (254, "I", [1]), (256, "I", [size[0]]), (257, "I", [size[1]]), (258, "H", [8, 8, 8]), (259, "H", [7]),
        (262, "H", [6]), (277, "H", [3]), (278, "I", [size[1]]),
    ]  # fmt: skip
    return tiff(entries, mosaic(), [(shown, jpeg)])
