"""Small whole pictures of every format and kind, with and without metadata, for the mutations to begin with."""

import io
import struct
from collections.abc import Callable
from functools import cache
from importlib.util import find_spec
from typing import Any

import numpy as np
from PIL import Image, ImageCms, PngImagePlugin

from benchmarks.photos.picture_memory import bmp_in_runs, gif_of_one_pixel, png, tiff
from tests.runtime.images.foreign.raw_pictures import preview, raw_tiff
from tests.runtime.images.odd_pictures import psd

SIZE = (48, 32)
Make = Callable[[], bytes]


def noise(mode: str = "RGB") -> Image.Image:
    rng = np.random.default_rng(14)
    small = Image.fromarray(rng.integers(0, 256, (8, 12, 3), dtype=np.uint8))
    return small.resize(SIZE, Image.Resampling.BICUBIC).convert(mode)


def saved(mode: str, form: str, *, several: bool = False, **options: Any) -> Make:
    def make() -> bytes:
        file = io.BytesIO()
        image = Image.fromarray(np.arange(1536, dtype=np.uint16).reshape(32, 48) * 40) if mode == "I;16" else noise(mode)
        more = {"save_all": True, "append_images": [noise(mode).rotate(90), noise(mode).rotate(180)]} if several else {}
        image.save(file, form, **more, **options)
        return file.getvalue()

    return make


def exif() -> bytes:
    block = Image.Exif()
    block[0x0112], block[0x010F], block[0x8769] = 6, "a camera", {0x9003: "2026:01:01 00:00:00"}
    return block.tobytes()


def profile() -> bytes:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def texts() -> PngImagePlugin.PngInfo:
    info = PngImagePlugin.PngInfo()
    info.add_text("Title", "a picture")
    info.add_itxt("Comment", "said " * 50, zip=True)
    return info


def of_all_kinds() -> dict[str, Make]:
    meta: dict[str, Any] = {"exif": exif(), "icc_profile": profile()}
    png_meta: dict[str, Any] = {**meta, "pnginfo": texts()}
    kinds = {
        "jpeg": saved("RGB", "JPEG", **meta),
        "jpeg progressive": saved("RGB", "JPEG", progressive=True, subsampling=0),
        "jpeg grey": saved("L", "JPEG", comment="said"),
        "jpeg cmyk": saved("CMYK", "JPEG", restart_marker_rows=1),
        "mpo": saved("RGB", "MPO", several=True),
        "png": saved("RGB", "PNG", **png_meta),
        "png alpha": saved("RGBA", "PNG"),
        "png palette": saved("P", "PNG", transparency=3),
        "png 1 bit": saved("1", "PNG"),
        "png 16 bits": saved("I;16", "PNG"),
        "png rgb 16 bits": lambda: png(*SIZE, bits=16, colour=2),
        "png interlaced": lambda: png(*SIZE, bits=8, colour=6, interlaced=True),
        "apng": saved("RGB", "PNG", several=True),
        "gif": saved("P", "GIF", comment="said"),
        "gif animated": saved("P", "GIF", several=True, disposal=2, transparency=0),
        "gif one pixel": lambda: gif_of_one_pixel(*SIZE),
        "webp": saved("RGB", "WEBP", **meta),
        "webp lossless": saved("RGBA", "WEBP", lossless=True),
        "webp animated": saved("RGBA", "WEBP", several=True),
        "avif": saved("RGB", "AVIF", speed=10, **meta),
        "avif alpha": saved("RGBA", "AVIF", speed=10, subsampling="4:4:4"),
        "bmp": saved("RGB", "BMP"),
        "bmp palette": saved("P", "BMP"),
        "bmp 1 bit": saved("1", "BMP"),
        "bmp run lengths": lambda: bmp_in_runs(*SIZE),
        "bmp top down": lambda: top_down(saved("RGB", "BMP")()),
        "tiff": saved("RGB", "TIFF", exif=exif()),
        "tiff grey 16 bits": saved("I;16", "TIFF"),
        "tiff of two": saved("RGB", "TIFF", several=True),
        "tiff rgb 16 bits": lambda: tiff(*SIZE, bits=16, samples=3, photometric=2),
        "tiff lab": saved("LAB", "TIFF"),
        "jpeg 2000": saved("RGB", "JPEG2000"),
        "jpeg 2000 codestream": saved("RGBA", "JPEG2000", no_jp2=True, tile_size=(32, 32)),
        "psd": lambda: psd(noise()),
        "ppm": saved("RGB", "PPM"),
        "pgm": saved("L", "PPM"),
        "ppm as text": lambda: b"P3 8 4 255\n" + b"1 20 255 " * 32,
        "ppm 16 bits": lambda: b"P5 8 4 65535\n" + bytes(range(64)),
        "pbm as text": lambda: b"P1 8 4\n" + b"1 0 1 1 " * 8,
    }
    compressions = ("tiff_lzw", "tiff_deflate", "jpeg", "packbits", "zstd", "lzma")
    kinds |= {f"tiff {name}": saved("RGB", "TIFF", compression=name) for name in compressions}
    if find_spec("pillow_heif"):  # with the extra `photos`
        kinds |= {"heic": heic, "heic of two": lambda: heic(2)}
    if find_spec("rawpy"):
        kinds |= {"dng": lambda: raw_tiff("Lookwhy", "Test", dng=True, jpeg=preview((1000, 20)))}
    return kinds | {"tiff fax": saved("1", "TIFF", compression="group4"), "tiff cmyk": saved("CMYK", "TIFF")}


def heic(frames: int = 1) -> bytes:
    import pillow_heif

    file = pillow_heif.HeifFile()
    for frame in range(frames):
        file.add_from_pillow(noise().rotate(90 * frame))
    content = io.BytesIO()
    file.save(content, quality=60, exif=exif())
    return content.getvalue()


def top_down(bmp: bytes) -> bytes:
    """Return a BMP whose height is negative: its first row comes first."""
    [height] = struct.unpack_from("<i", bmp, 22)
    return bmp[:22] + struct.pack("<i", -height) + bmp[26:]


@cache
def seeds() -> dict[str, bytes]:
    return {kind: make() for kind, make in of_all_kinds().items()}
