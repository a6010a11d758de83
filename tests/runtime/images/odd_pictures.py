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
}
