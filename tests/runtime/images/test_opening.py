"""Decoding and preprocessing: every odd picture decodes or is refused by name."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from runtime import images
from runtime.errors import ImageNotFound, ImageTooLarge, ImageUnreadable
from runtime.images import decode_image, open_image
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


@pytest.mark.parametrize("keep", [1, 20, 0.5, 0.98])
@pytest.mark.parametrize("form", ["JPEG", "PNG", "GIF", "WEBP", "TIFF", "BMP"])
def test_a_truncated_picture_is_refused_by_name(form: str, keep: float) -> None:
    content = encoded(noise(300, 200), form)
    cut = content[: int(keep) if keep >= 1 else int(len(content) * keep)]
    with pytest.raises(ImageUnreadable, match=r"broken\.jpg cannot be read as a picture: "):
        decode_image(cut, "broken.jpg")


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
    for form in ("JPEG", "PNG", "GIF", "WEBP", "TIFF", "BMP", "PPM"):
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
    assert (refused.value.given, refused.value.allowed, refused.value.unit) == (
        400_000_000,
        images.MAX_IMAGE_PIXELS,
        "pixels",
    )


def test_floating_point_pixels_are_refused_with_the_reason() -> None:
    content = encoded(Image.fromarray(np.random.default_rng(0).random((8, 8), dtype=np.float32)), "TIFF")
    with pytest.raises(ImageUnreadable, match="floating-point"):
        decode_image(content, "depth.tif")


def test_a_missing_file_and_a_folder_are_named(tmp_path: Path) -> None:
    with pytest.raises(ImageNotFound, match=r"none\.jpg"):
        open_image(tmp_path / "none.jpg")
    with pytest.raises(ImageUnreadable, match="directory"):
        open_image(tmp_path)
