"""Metadata: what is broken in it costs the orientation at most, never the picture."""

import io
import struct

import numpy as np
import pytest
from PIL import Image

from runtime.images import decode_image, opened_bytes
from runtime.images.metadata import read_orientation, without_metadata
from tests.runtime.images.broken_pictures import BROKEN, BROKEN_ENTRIES, ORIENTATION, TURNED, exif_block, jpeg, png, segment
from tests.runtime.images.broken_pictures import chunk as png_chunk
from tests.runtime.images.odd_pictures import encoded, noise

UPRIGHT = np.asarray(noise(60, 40), dtype=int)
TURNED_PIXELS = np.asarray(noise(60, 40).transpose(Image.Transpose.ROTATE_270), dtype=int)


@pytest.mark.parametrize("kind", BROKEN)
def test_a_picture_whose_pixels_are_whole_is_shown(kind: str) -> None:
    image = decode_image(BROKEN[kind](), kind)
    assert image.size == (60, 40)
    assert np.abs(np.asarray(image, dtype=int)[:30] - UPRIGHT[:30]).mean() < 16  # those of a palette are the coarsest


@pytest.mark.parametrize("kind", BROKEN_ENTRIES)
def test_orientation_is_read_among_broken_entries(kind: str) -> None:
    image = decode_image(jpeg(segment(0xE1, exif_block(BROKEN_ENTRIES[kind]))), kind)
    assert image.size == (40, 60)
    assert np.abs(np.asarray(image, dtype=int) - TURNED_PIXELS).mean() < 4


@pytest.mark.parametrize("value", range(10))
def test_every_orientation_is_as_exif_says_and_others_count_for_none(value: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = value
    assert read_orientation(exif.tobytes()) == (value if 1 <= value <= 8 else 1)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("form", ["B", "H", "I"])
def test_orientation_is_read_in_either_order_and_of_each_whole_type(order: str, form: str) -> None:
    kind = {"B": 1, "H": 3, "I": 4}[form]
    value = struct.pack(order + form, TURNED).ljust(4, b"\0")
    entry = struct.pack(order + "HHI", 0x0112, kind, 1) + value
    start = struct.pack(order + "2sHI", b"II" if order == "<" else b"MM", 42, 8)
    assert read_orientation(start + struct.pack(order + "H", 1) + entry) == TURNED


def test_orientation_of_a_tiff_with_long_offsets_is_read() -> None:
    entry = struct.pack("<HHQHHI", 0x0112, 3, 1, TURNED, 0, 0)
    assert read_orientation(struct.pack("<2sHHHQQ", b"II", 43, 8, 0, 16, 1) + entry) == TURNED


@pytest.mark.parametrize("exif", [b"", b"II", b"Exif\0\0", b"II*\0\xff\xff\xff\xff", b"II*\0\x08\0\0\0\xff\xff", b"no EXIF"])
def test_exif_that_is_none_says_nothing(exif: bytes) -> None:
    assert read_orientation(exif) == 1


def test_exif_cut_at_any_place_is_read_or_says_nothing() -> None:
    block = exif_block(*BROKEN_ENTRIES.values())
    assert {read_orientation(block[:end]) for end in range(len(block))} == {1, TURNED}


def test_a_png_and_a_webp_and_a_tiff_are_turned_by_their_exif() -> None:
    block = exif_block().removeprefix(b"Exif\0\0")
    files = [png(png_chunk(b"eXIf", block)), encoded(noise(60, 40), "WEBP", exif=block, lossless=True)]
    files += [encoded(noise(60, 40), "TIFF", tiffinfo={0x0112: TURNED})]
    for content in files:
        assert np.array_equal(np.asarray(decode_image(content, "turned")), TURNED_PIXELS)


@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
def test_a_turned_tiff_has_its_upright_size_also_where_it_is_reduced(mode: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("runtime.images.opening.reduction", lambda *_: 2)
    content = encoded(noise(60, 40).convert(mode), "TIFF", tiffinfo={0x0112: TURNED})
    with opened_bytes(content, "turned") as opened:
        assert (opened.width, opened.height, opened.image.size) == (40, 60, (20, 30))


def test_an_avif_is_turned_as_its_container_says() -> None:
    exif = Image.Exif()
    exif[0x0112] = TURNED  # Pillow writes it as the container's own turn
    turned = decode_image(encoded(noise(60, 40), "AVIF", exif=exif), "turned")
    assert np.abs(np.asarray(turned, dtype=int) - TURNED_PIXELS).mean() < 8


def test_a_turned_tiff_whose_exif_folder_is_broken_is_shown_turned() -> None:
    content = bytearray(encoded(noise(60, 40), "TIFF", tiffinfo={0x0112: TURNED, 0x8298: "somebody"}))
    at = content.index(struct.pack("<HH", 0x8298, 2))
    content[at : at + 12] = struct.pack("<HHII", 0x8769, 4, 1, 0xFFFFFF00)
    assert np.array_equal(np.asarray(decode_image(bytes(content), "turned")), TURNED_PIXELS)


@pytest.mark.parametrize("form", ["JPEG", "PNG", "AVIF", "WEBP", "TIFF"])
def test_without_metadata_the_pixels_are_the_same(form: str) -> None:
    content = encoded(noise(60, 40), form, icc_profile=b"no profile")
    bare = without_metadata(content)
    assert b"no profile" not in bare.content or form in {"AVIF", "WEBP", "TIFF"}
    with Image.open(io.BytesIO(content)) as plain:
        pixels = np.asarray(plain.convert("RGB"))
    assert np.array_equal(np.asarray(decode_image(bare.content, form)), pixels)


def test_each_cut_of_a_file_comes_through_as_bytes() -> None:
    whole = jpeg(segment(0xE1, exif_block()), segment(0xFE, b"said"))
    pictures = [whole, png(png_chunk(b"eXIf", ORIENTATION))]
    assert all(without_metadata(one[:end]).content is not None for one in pictures for end in range(len(one)))
