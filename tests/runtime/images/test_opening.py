"""Decoding and preprocessing: every odd picture decodes or is refused by name."""

import io
import struct
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from runtime.errors import ImageNotFound, ImageTooLarge, ImageUnreadable
from runtime.images import decode_image, memory, open_image, opened_bytes
from tests.runtime.images.odd_pictures import ODD_PICTURES, encoded, noise, png_that_claims


@pytest.mark.parametrize("kind", ODD_PICTURES)
def test_every_colour_mode_and_format_becomes_rgb(kind: str) -> None:
    image = decode_image(ODD_PICTURES[kind](), kind)
    assert (image.mode, image.size) == ("RGB", (60, 40))
    assert np.asarray(image).std() > 1, "the picture came out in one colour"


def test_a_16_bit_grey_keeps_its_upper_bits() -> None:
    grey = np.linspace(0, 65535, 256).astype(np.uint16).reshape(16, 16)
    decoded = np.asarray(decode_image(encoded(Image.fromarray(grey), "PNG"), "grey"))[:, :, 0]
    assert np.array_equal(decoded, (grey >> 8).astype(np.uint8))


def test_exif_orientation_is_applied() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned a quarter clockwise
    image = noise(60, 40)
    turned = decode_image(encoded(image, "JPEG", exif=exif, quality=95), "turned")
    assert turned.size == (40, 60)
    expected = np.asarray(image.transpose(Image.Transpose.ROTATE_270), dtype=int)
    assert np.abs(np.asarray(turned, dtype=int) - expected).mean() < 8


@pytest.mark.parametrize("keep", [1, 20, 0.1, 0.3])
@pytest.mark.parametrize("form", ["JPEG", "PNG", "GIF", "WEBP", "TIFF", "BMP", "AVIF"])
def test_a_picture_of_which_less_than_half_is_there_is_refused_by_name(form: str, keep: float) -> None:
    with pytest.raises(ImageUnreadable, match=r"broken\.jpg cannot be read as a picture: "):
        decode_image(cut(encoded(noise(300, 200), form), keep), "broken.jpg")


@pytest.mark.parametrize("form", ["JPEG", "PNG", "GIF", "TIFF", "BMP"])
def test_a_picture_that_lacks_its_end_is_shown_as_far_as_it_is_there(form: str) -> None:
    whole, broken = (
        np.asarray(decode_image(content, "broken"), dtype=int)
        for content in (encoded(noise(300, 200), form), cut(encoded(noise(300, 200), form), 0.9))
    )
    rows = slice(60, 200) if form == "BMP" else slice(0, 140)  # a BMP begins with its last row
    assert broken.shape == whole.shape
    assert np.abs(broken[rows] - whole[rows]).max() <= 1


def test_a_cut_picture_s_reason_says_how_much_is_there() -> None:
    with pytest.raises(ImageUnreadable, match=r"damaged or cut short: [123]\d% of the picture is there"):
        decode_image(cut(encoded(noise(300, 200), "JPEG"), 0.3), "broken.jpg")


def cut(content: bytes, keep: float) -> bytes:
    return content[: int(keep) if keep >= 1 else int(len(content) * keep)]


def test_one_byte_damaged_in_an_avif_never_escapes_as_a_foreign_error() -> None:
    content = encoded(noise(64, 48), "AVIF")
    outcomes = {
        outcome_of(content[:at] + bytes([content[at] ^ 0x55]) + content[at + 1 :]) for at in range(0, len(content), 3)
    }
    assert outcomes == {"RGB", "damaged"}


class BrokenDecoder:
    """Stands for a decoder with a defect of any kind."""

    def __init__(self, error: BaseException) -> None:
        self._error = error

    def __call__(self, *_: object, **__: object) -> None:
        raise self._error


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (RuntimeError("decoder says no"), "its contents are damaged"),
        (OverflowError("'L' format requires 0 <= number"), "its contents are damaged"),
        (AttributeError("'IFDRational' object has no attribute 'encode'"), "its contents are damaged"),
        (RecursionError(), "its contents are damaged"),
        (MemoryError(), "there is not enough memory to decode it"),
        (UserWarning("Corrupt EXIF data"), "its contents are damaged"),
    ],
)
@pytest.mark.parametrize("step", ["PIL.Image.open", "PIL.ImageFile.ImageFile.load"])
def test_whatever_a_decoder_raises_is_our_error_with_a_plain_reason(
    error: Exception, reason: str, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = encoded(noise(64, 64), "PNG")
    monkeypatch.setattr(step, BrokenDecoder(error))
    with pytest.raises(ImageUnreadable) as refused:
        decode_image(content, "odd.png")
    assert refused.value.reason == reason


@pytest.mark.parametrize(
    "content", [b"", b"hello", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"%PDF-1.4", b"\xff\xd8\xff"]
)
def test_what_is_no_picture_is_refused_by_name(content: bytes) -> None:
    with pytest.raises(ImageUnreadable) as refused:
        decode_image(content, "x.jpg")
    assert refused.value.name == "x.jpg"


def test_random_damage_never_escapes_as_a_foreign_error() -> None:
    rng = np.random.default_rng(0)
    outcomes = set()
    for form in ("JPEG", "PNG", "GIF", "WEBP", "TIFF", "BMP", "PPM", "AVIF"):
        content = encoded(noise(64, 64), form)
        for _ in range(40):
            damaged = bytearray(content)
            for place in rng.integers(0, len(damaged), 12):
                damaged[place] = rng.integers(0, 256)
            outcomes.add(outcome_of(bytes(damaged)))
    assert outcomes == {"RGB", "damaged"}


def outcome_of(content: bytes) -> str:
    """The mode of the decoded picture, or the name in the refusal."""
    try:
        return decode_image(content, "damaged").mode
    except (ImageUnreadable, ImageTooLarge) as refused:
        return refused.name


def test_a_picture_over_the_pixel_limit_is_refused_before_decoding() -> None:
    with pytest.raises(ImageUnreadable):
        decode_image(png_that_claims(2000, 2000), "vast.png")  # there are too few pixels: decoding fails
    with pytest.raises(ImageTooLarge) as refused:
        decode_image(png_that_claims(20_000, 20_000), "vast.png")
    assert (refused.value.given, refused.value.allowed, refused.value.unit) == (400_000_000, 150_000_000, "pixels")


def test_an_edge_over_the_limit_is_refused_however_few_pixels_there_are() -> None:
    with pytest.raises(ImageTooLarge, match="70,000 pixels on one edge; 65,535 are allowed"):
        decode_image(png_that_claims(1, 70_000), "thread.png")


def test_integers_of_32_bits_are_refused_with_the_reason() -> None:
    heights = Image.fromarray(np.linspace(0, 2**31 - 1, 2400).astype(np.int32).reshape(40, 60))
    with pytest.raises(ImageUnreadable, match="signed or 32-bit integers, whose range is unknown"):
        decode_image(encoded(heights, "TIFF"), "heights.tif")


def test_a_grey_of_12_bits_is_not_taken_for_the_darkest_of_16() -> None:
    of_16, of_12 = (struct.pack("<HHIHH", 258, 3, 1, bits, 0) for bits in (16, 12))
    content = encoded(Image.fromarray(np.full((40, 60), 65535, np.uint16)), "TIFF").replace(of_16, of_12)
    assert np.asarray(decode_image(content, "scan.tif")).min() == 255


def test_a_grey_of_16_bits_whose_zero_is_white_is_no_negative() -> None:
    of_black, of_white = (struct.pack("<HHIHH", 262, 3, 1, zero, 0) for zero in (1, 0))
    for compression in (None, "tiff_lzw"):
        grey = Image.fromarray(np.full((40, 60), 65535, np.uint16))
        content = encoded(grey, "TIFF", compression=compression).replace(of_black, of_white)
        assert np.asarray(decode_image(content, "scan.tif")).max() == 0


def test_a_grey_of_8_bits_with_a_sign_is_refused_as_others_with_a_sign_are() -> None:
    content = encoded(noise(60, 40).convert("L"), "TIFF", tiffinfo={339: 2})
    with pytest.raises(ImageUnreadable, match="signed or 32-bit integers, whose range is unknown"):
        decode_image(content, "heights.tif")


def test_a_16_bit_text_picture_keeps_its_upper_bits() -> None:
    assert decode_image(b"P2 2 1 65535\n0 65535", "grey.pgm").getpixel((1, 0)) == (255, 255, 255)


def test_a_colour_space_that_cannot_be_shown_is_named() -> None:
    with pytest.raises(ImageUnreadable, match=r"its colour space \(LAB\) is not supported"):
        decode_image(encoded(noise(60, 40).convert("LAB"), "TIFF"), "print.tif")


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "P", "1", "CMYK"])
def test_a_large_picture_is_reduced_and_keeps_the_size_of_its_file(mode: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "WHOLE_PIXELS", 400_000)
    monkeypatch.setattr(memory, "KEPT_SHORT_EDGE_PIXELS", 100)
    content = encoded(noise(1001, 801).convert(mode), "TIFF" if mode == "CMYK" else "PNG")
    with opened_bytes(content, "large", longest_edge=300) as opened:
        assert (opened.width, opened.height, opened.image.size) == (1001, 801, (501, 401))
        with Image.open(io.BytesIO(content)) as whole:
            expected = whole.convert("RGB").reduce(2)
        assert np.array_equal(np.asarray(opened.image), np.asarray(expected))


def test_a_large_turned_jpeg_is_reduced_by_its_decoder_and_turned(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "WHOLE_PIXELS", 40_000)
    monkeypatch.setattr(memory, "KEPT_SHORT_EDGE_PIXELS", 100)
    exif = Image.Exif()
    exif[0x0112] = 6
    with opened_bytes(encoded(noise(1000, 800), "JPEG", exif=exif), "turned", longest_edge=200) as opened:
        assert (opened.width, opened.height, opened.image.size) == (800, 1000, (200, 250))
        expected = noise(1000, 800).reduce(4).transpose(Image.Transpose.ROTATE_270)
        assert np.abs(np.asarray(opened.image, dtype=int) - np.asarray(expected, dtype=int)).mean() < 4


def test_floating_point_pixels_are_refused_with_the_reason() -> None:
    content = encoded(Image.fromarray(np.random.default_rng(0).random((8, 8), dtype=np.float32)), "TIFF")
    with pytest.raises(ImageUnreadable, match="floating-point"):
        decode_image(content, "depth.tif")


def test_a_missing_file_and_a_folder_are_named(tmp_path: Path) -> None:
    with pytest.raises(ImageNotFound, match=r"none\.jpg"):
        open_image(tmp_path / "none.jpg")
    with pytest.raises(ImageUnreadable, match="no regular file"):
        open_image(tmp_path)


def test_a_damaged_tiff_writes_nothing_into_the_log(
    capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    content = encoded(noise(60, 40).convert("1"), "TIFF", compression="group4")
    for at in range(8, len(content) - 200, 40):
        outcome_of(content[:at] + b"\xff\xff\xff\xff" + content[at + 4 :])
    for samples in (8, 21, 18_761):  # of a pixel
        tags = encoded(noise(60, 40), "TIFF")
        outcome_of(tags.replace(struct.pack("<HHIHH", 277, 3, 1, 3, 0), struct.pack("<HHIHH", 277, 3, 1, samples, 0)))
    assert (capfd.readouterr(), caplog.records) == (("", ""), [])


def test_want_of_memory_for_what_is_made_of_a_picture_is_said_of_the_picture() -> None:
    with pytest.raises(ImageUnreadable, match="not enough memory"), opened_bytes(encoded(noise(60, 40), "PNG"), "it"):
        raise MemoryError
