"""Pictures in every colour mode and format, as bytes; all of 60 x 40 pixels."""

import io
import struct
import zlib
from collections.abc import Callable

import numpy as np
from PIL import Image

CLIP_MEAN, CLIP_STD = (0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)


def noise(width: int, height: int) -> Image.Image:
    rng = np.random.default_rng(width * 10_000 + height)
    small = rng.integers(0, 256, (max(1, height // 8), max(1, width // 8), 3), dtype=np.uint8)
    return Image.fromarray(small).resize((width, height), Image.Resampling.BICUBIC)


def encoded(image: Image.Image, form: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, form, **options)
    return buffer.getvalue()


def png_that_claims(width: int, height: int) -> bytes:
    """Return a picture of 8 x 8 pixels whose header says that it has others: it opens, and cannot be decoded."""
    content = bytearray(encoded(noise(8, 8), "PNG"))
    content[16:24] = struct.pack(">II", width, height)
    content[29:33] = struct.pack(">I", zlib.crc32(content[12:29]))
    return bytes(content)


def png_in_pieces(pieces: int) -> bytes:
    """Return a picture of 8 x 8 pixels before whose only part stand so many empty ones."""
    content, empty = encoded(noise(8, 8), "PNG"), struct.pack(">I4sI", 0, b"IDAT", zlib.crc32(b"IDAT"))
    at = content.index(b"IDAT") - 4
    return content[:at] + empty * pieces + content[at:]


def tiff_in_strips(strips: int) -> bytes:
    """Return a grey picture of 8 x 8 pixels whose lists of strips have so many numbers."""
    numbers, tags = struct.pack("<I", 8) * strips, ((256, 8), (257, 8), (258, 8), (259, 1), (262, 1), (277, 1), (278, 1))
    entries = [*((tag, 3, 1, value) for tag, value in tags), (273, 4, strips, 72), (279, 4, strips, 72)]
    directory = b"".join(struct.pack("<HHII", *entry) for entry in sorted(entries))
    head = b"II*\0" + struct.pack("<I", 72 + len(numbers)) + bytes(64) + numbers
    return head + struct.pack("<H", len(entries)) + directory + bytes(4)


def psd(image: Image.Image, *, resources: bytes = b"", layers: bytes = b"") -> bytes:
    """Return a Photoshop file: blocks of resources and layers, and the flattened copy, not packed."""
    mode = {"L": 1, "RGB": 3, "RGBA": 3, "CMYK": 4}[image.mode]
    head = b"8BPS" + struct.pack(">H6xHIIHH", 1, len(image.getbands()), image.height, image.width, 8, mode)
    planes = b"".join(np.asarray(band).tobytes() for band in image.split())
    blocks = b"".join(struct.pack(">I", len(block)) + block for block in (b"", resources, layers))
    return head + blocks + b"\0\0" + (bytes(255 - one for one in planes) if image.mode == "CMYK" else planes)


ODD_PICTURES: dict[str, Callable[[], bytes]] = {
    "palette": lambda: encoded(noise(60, 40).convert("P"), "PNG"),
    "palette with transparency": lambda: encoded(noise(60, 40).convert("P"), "PNG", transparency=3),
    "grey": lambda: encoded(noise(60, 40).convert("L"), "PNG"),
    "bilevel": lambda: encoded(noise(60, 40).convert("1"), "PNG"),
    "grey with alpha": lambda: encoded(noise(60, 40).convert("LA"), "PNG"),
    "alpha": lambda: encoded(noise(60, 40).convert("RGBA"), "PNG"),
    "CMYK": lambda: encoded(noise(60, 40).convert("CMYK"), "JPEG"),
    "16 bit": lambda: encoded(Image.fromarray(np.arange(2400, dtype=np.uint16).reshape(40, 60) * 27), "PNG"),
    "animated": lambda: encoded(noise(60, 40), "GIF", save_all=True, append_images=[noise(60, 41)] * 3),
    "webp": lambda: encoded(noise(60, 40), "WEBP"),
    "tiff": lambda: encoded(noise(60, 40), "TIFF"),
    "bmp": lambda: encoded(noise(60, 40), "BMP"),
    "psd": lambda: psd(noise(60, 40)),
    "jpeg 2000": lambda: encoded(noise(60, 40), "JPEG2000"),
}
