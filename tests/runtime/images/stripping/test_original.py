"""What is sent of a picture file: the same pixels, upright and in the same colours, and nothing of people and places."""

import io
import os
import struct
import tempfile
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageCms, ImageOps
from PIL.PngImagePlugin import PngInfo

from runtime.images.opening import decode_image
from runtime.images.stripping.original import shown_original
from runtime.images.stripping.pieces import PieceFile
from tests.runtime.images.broken_pictures import BROKEN, TURNED, chunk, jpeg, png, segment
from tests.runtime.images.odd_pictures import encoded, noise

SECRET = b"seen at 52.5200,13.4050 by Anna"
XMP = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'>" + SECRET + b"</x:xmpmeta>"
PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
BROWSER_FORMATS = ["JPEG", "PNG", "WEBP", "AVIF", "GIF", "BMP"]


def exif(orientation: int = TURNED) -> Image.Exif:
    block = Image.Exif()
    block[0x0112], block[0x010E] = orientation, SECRET.decode()
    block.get_ifd(0x8825).update({1: "N", 2: (52.0, 31.0, 12.0), 3: "E", 4: (13.0, 24.0, 18.0)})
    return block


def sent(content: bytes, **options: bool) -> bytes | None:
    """Return what is sent of a file with this content; None where it must be decoded."""
    with tempfile.TemporaryFile() as file:
        file.write(content)
        file.flush()
        shown = shown_original(file.fileno(), **options)
        if shown is None:
            return None
        whole = io.BufferedReader(PieceFile(file.fileno(), shown.pieces)).read()
    assert len(whole) == shown.pieces.size
    return whole


def upright_pixels(content: bytes) -> NDArray[np.uint8]:
    with Image.open(io.BytesIO(content)) as image:
        return np.asarray(ImageOps.exif_transpose(image).convert("RGB"))


def png_texts() -> PngInfo:
    texts = PngInfo()
    texts.add_text("Comment", SECRET.decode())
    texts.add_itxt("XML:com.adobe.xmp", XMP.decode())
    texts.add_text("Raw profile type exif", SECRET.decode(), zip=True)
    return texts


def two_jpegs() -> bytes:
    """A photo with its gain map, as phones write them: a second JPEG, with EXIF of its own, behind the first."""
    behind = encoded(noise(30, 20), "JPEG", exif=exif())
    return encoded(noise(60, 40), "MPO", save_all=True, append_images=[noise(30, 20)], exif=exif()) + behind


TOLD: dict[str, Callable[[], bytes]] = {
    "JPEG": lambda: encoded(noise(60, 40), "JPEG", exif=exif(), xmp=XMP, comment=SECRET, icc_profile=PROFILE),
    "progressive JPEG": lambda: encoded(noise(60, 40), "JPEG", exif=exif(), progressive=True, xmp=XMP),
    "JPEG with metadata between its scans": lambda: between_scans(segment(0xE1, b"Exif\0\0" + SECRET)),
    "CMYK JPEG": lambda: encoded(noise(60, 40).convert("CMYK"), "JPEG", exif=exif()),
    "JPEG with IPTC": lambda: jpeg(segment(0xED, b"Photoshop 3.0\x008BIM\x04\x04\0\0" + SECRET)),
    "JPEG with C2PA": lambda: jpeg(segment(0xEB, b"JP\0\1" + SECRET)),
    "JPEG with a preview": lambda: jpeg(segment(0xE0, b"JFXX\0\x10" + SECRET)),
    "JPEG with a long Exif": lambda: jpeg(segment(0xE1, b"Exif\0\0" + bytes(60_000) + SECRET)),
    "JPEG with more pictures": two_jpegs,
    "PNG": lambda: encoded(noise(60, 40), "PNG", exif=exif(), pnginfo=png_texts(), icc_profile=PROFILE),
    "PNG with EXIF behind its pixels": lambda: png()[:-12] + chunk(b"eXIf", exif().tobytes()[6:]) + png()[-12:],
    "PNG with more behind its end": lambda: png(end=SECRET),
    "PNG with C2PA": lambda: png(chunk(b"caBX", SECRET)),
    "animated PNG": lambda: encoded(noise(60, 40), "PNG", save_all=True, append_images=[noise(60, 40)], exif=exif()),
    "WebP": lambda: encoded(noise(60, 40), "WEBP", exif=exif(), xmp=XMP, icc_profile=PROFILE, lossless=True),
    "animated WebP": lambda: encoded(noise(60, 40), "WEBP", save_all=True, append_images=[noise(60, 40)], xmp=XMP),
    "WebP with more behind its end": lambda: encoded(noise(60, 40), "WEBP") + SECRET,
    "AVIF": lambda: encoded(noise(60, 40), "AVIF", exif=exif(), xmp=XMP, icc_profile=PROFILE),
    "animated AVIF": lambda: encoded(noise(60, 40), "AVIF", save_all=True, append_images=[noise(60, 40)], exif=exif(1)),
    "AVIF with boxes of an application": lambda: encoded(noise(60, 40), "AVIF") + box(b"uuid", bytes(16) + SECRET),
    "GIF": lambda: encoded(noise(60, 40).convert("P"), "GIF", comment=SECRET),
    "animated GIF with XMP": lambda: gif_with_xmp(b"XMP DataXMP"),
    "GIF with more behind its end": lambda: encoded(noise(60, 40).convert("P"), "GIF") + SECRET,
}


def between_scans(inserted: bytes) -> bytes:
    content = encoded(noise(60, 40), "JPEG", progressive=True)
    at = content.index(b"\xff\xc4", content.index(b"\xff\xda"))
    return content[:at] + inserted + content[at:]


def box(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body) + 8) + kind + body


def gif_with_xmp(application: bytes) -> bytes:
    moving = encoded(noise(60, 40).convert("P"), "GIF", save_all=True, append_images=[noise(60, 41).convert("P")], loop=0)
    trailer = b"\1" + bytes(range(255, -1, -1)) + b"\0"  # as XMP's own description of GIF has it
    return moving[:-1] + b"\x21\xff\x0b" + application + XMP + trailer + b"\x3b"


@pytest.mark.parametrize("kind", TOLD)
def test_nothing_of_people_and_places_is_sent_and_the_picture_is_the_same(kind: str) -> None:
    content = TOLD[kind]()
    whole = sent(content)
    assert whole is not None
    assert b"52.52" in content or b"GPS" in content or exif().tobytes()[6:20] in content or b"Anna" in content
    assert b"Anna" not in whole
    assert np.array_equal(upright_pixels(whole), upright_pixels(content))
    with Image.open(io.BytesIO(content)) as before, Image.open(io.BytesIO(whole)) as after:
        assert not after.getexif().get_ifd(0x8825)
        assert set(after.getexif()) <= {0x0112}
        assert after.info.get("icc_profile") == before.info.get("icc_profile")
        assert not {"comment", "xmp", "Comment", "XML:com.adobe.xmp", "photoshop", "mp"} & set(after.info)
        frames = 1 if kind == "JPEG with more pictures" else getattr(before, "n_frames", 1)
        assert getattr(after, "n_frames", 1) == frames
        assert after.info.get("loop") == before.info.get("loop")


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "AVIF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_each_orientation_stays(form: str, orientation: int) -> None:
    content = encoded(noise(60, 40), form, exif=exif(orientation))
    assert np.array_equal(upright_pixels(sent(content) or b""), upright_pixels(content))


@pytest.mark.parametrize("form", BROWSER_FORMATS)
def test_a_picture_without_metadata_is_sent_as_it_is(form: str) -> None:
    content = encoded(noise(60, 40).convert("P" if form == "GIF" else "RGB"), form)
    assert sent(content) == content


@pytest.mark.parametrize("kind", TOLD)
def test_with_its_metadata_a_picture_is_sent_to_the_last_byte(kind: str) -> None:
    content = TOLD[kind]()
    assert sent(content, with_metadata=True) == content


@pytest.mark.parametrize("form", ["TIFF", "PPM"])
def test_what_no_browser_shows_is_to_be_decoded_whatever_its_metadata(form: str) -> None:
    content = encoded(noise(60, 40), form)
    assert sent(content) is None
    assert sent(content, with_metadata=True) is None
    assert sent(b"") is None
    assert sent(b"\xff\xd8\xff\xe0 and no picture") is None


@pytest.mark.parametrize("kind", [kind for kind in BROKEN if "TIFF" not in kind])
def test_of_a_broken_picture_is_sent_what_is_decoded_to_the_same(kind: str) -> None:
    content = BROKEN[kind]()
    whole = sent(content)
    assert whole is not None
    assert np.array_equal(np.asarray(decode_image(whole, kind)), np.asarray(decode_image(content, kind)))


@pytest.mark.parametrize("kind", TOLD)
def test_a_file_cut_anywhere_is_sent_without_its_metadata_or_decoded(kind: str) -> None:
    content = TOLD[kind]()
    for end in range(0, len(content), max(1, len(content) // 60)):
        whole = sent(content[:end])
        assert whole is None or b"Anna" not in whole


def test_damage_anywhere_ends_in_pieces_of_the_file_or_in_none() -> None:
    rng = np.random.default_rng(15)
    for make in TOLD.values():
        content = make()
        for _ in range(20):
            damaged = bytearray(content)
            for at in rng.integers(0, len(content), 3):
                damaged[at] = rng.integers(0, 256)
            whole = sent(bytes(damaged))
            assert whole is None or len(whole) <= len(content) + 64


def test_a_part_of_what_is_sent_is_read_at_any_place() -> None:
    content = TOLD["JPEG"]()
    with tempfile.TemporaryFile() as file:
        file.write(content)
        file.flush()
        shown = shown_original(file.fileno())
        assert shown is not None
        reader = io.BufferedReader(PieceFile(file.fileno(), shown.pieces), 16)
        whole = reader.read()
        for start in range(0, len(whole), 37):
            reader.seek(start)
            assert reader.read(50) == whole[start : start + 50]
        assert reader.seek(-2, os.SEEK_END) == len(whole) - 2
