"""Decoding and preprocessing: every odd picture decodes or is refused by name, and pixels equal the reference's."""

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from runtime import images
from runtime.errors import ImageNotFound, ImageTooLarge, ImageUnreadable
from runtime.images import decode_image, open_image, preprocess
from runtime.manifest import Preprocessing

CLIP_MEAN, CLIP_STD = (0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)
CROP = Preprocessing(size=224, fit="crop", resample="bicubic", mean=CLIP_MEAN, std=CLIP_STD)
STRETCH = Preprocessing(size=384, fit="stretch", resample="bicubic", mean=CLIP_MEAN, std=CLIP_STD)


def noise(width: int, height: int) -> Image.Image:
    rng = np.random.default_rng(width * 10_000 + height)
    small = rng.integers(0, 256, (max(1, height // 8), max(1, width // 8), 3), dtype=np.uint8)
    return Image.fromarray(small).resize((width, height), Image.Resampling.BICUBIC)


def encoded(image: Image.Image, form: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, form, **options)
    return buffer.getvalue()


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
    header = encoded(Image.new("1", (20_000, 20_000)), "PNG")
    with pytest.raises(ImageTooLarge) as refused:
        decode_image(header[:2000], "vast.png")  # the pixels are cut away: decoding would fail otherwise
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


SHAPES = [
    (1, 1),
    (1, 4000),
    (4000, 1),
    (3, 500),
    (224, 224),
    (225, 224),
    (640, 480),
    (333, 1001),
    (5000, 300),
    (7, 5),
    (223, 3000),
]


@pytest.mark.torch
@pytest.mark.parametrize("shape", SHAPES)
def test_pixels_equal_the_reference_processors(shape: tuple[int, int]) -> None:
    from transformers import BlipImageProcessor, CLIPImageProcessor

    image = noise(*shape)
    tolerance = 1 / 255 / min(CLIP_STD) * 1.001  # one grey level, after normalization
    clip = CLIPImageProcessor(size={"shortest_edge": 224}, crop_size={"height": 224, "width": 224})
    # Said, as the reference guesses the channels' axis from the shape, and guesses wrong for an edge of one pixel.
    named_axes = {"return_tensors": "np", "input_data_format": "channels_last"}
    reference = clip(image, **named_axes)["pixel_values"][0]
    assert np.abs(preprocess(image, CROP) - reference).max() <= tolerance
    reference = BlipImageProcessor()(image, **named_axes)["pixel_values"][0]
    assert np.abs(preprocess(image, STRETCH) - reference).max() <= 1e-5


@pytest.mark.torch
@pytest.mark.shared
def test_pixels_of_real_photos_equal_the_reference_processors(shared_photos: Path) -> None:
    from transformers import CLIPImageProcessor

    clip = CLIPImageProcessor()
    worst = 0.0
    for path in sorted(shared_photos.glob("*.jpg")):
        image = open_image(path)
        worst = max(
            worst, float(np.abs(preprocess(image, CROP) - clip(image, return_tensors="np")["pixel_values"][0]).max())
        )
    assert worst <= 1 / 255 / min(CLIP_STD) * 1.001
