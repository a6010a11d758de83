"""Pixels equal the reference processors', on real photos and on every odd picture; and so do what models make of them.

The reference gets each file as a careful user would open it: Pillow, upright by its EXIF, RGB.
"""

import io
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageOps

from runtime.artefacts.manifest import read_models_manifest
from runtime.artefacts.model_records import Preprocessing
from runtime.images import decode_image, open_image, preprocess
from runtime.images.preprocessing import WHOLE_EDGE_PIXELS
from runtime.models.blip import BlipCaptioner
from runtime.models.clip import ClipEncoder
from tests.runtime.images.odd_pictures import CLIP_MEAN, CLIP_STD, ODD_PICTURES, encoded, noise
from tests.sample_library import MODELS

pytest.importorskip("transformers")
pytestmark = pytest.mark.torch

Pixels = NDArray[np.float32]
GREY_LEVEL = 1 / 255
MIN_COSINE = 0.9999
CROP = Preprocessing(size=224, fit="crop", resample="bicubic", mean=CLIP_MEAN, std=CLIP_STD)
STRETCH = Preprocessing(size=384, fit="stretch", resample="bicubic", mean=CLIP_MEAN, std=CLIP_STD)
SAMPLE = read_models_manifest(MODELS)
SAMPLE_CROP, SAMPLE_STRETCH = SAMPLE.clip.preprocessing, SAMPLE.blip.preprocessing if SAMPLE.blip else STRETCH
EVERY = (CROP, STRETCH, SAMPLE_CROP, SAMPLE_STRETCH)


def open_as_careful_users_do(content: bytes) -> Image.Image:
    image = ImageOps.exif_transpose(Image.open(io.BytesIO(content)))
    if image.mode.startswith("I;16"):
        # Pillow's convert("RGB") clips 16 bits at 255: all but the darkest greys come out white, which no user would accept.
        # So the grey is given to Pillow as 16-bit colour, which it does scale: it keeps the upper byte.
        colour = np.stack([np.asarray(image)] * 3, axis=-1).astype(">u2")  # (height, width, 3)
        return Image.frombytes("RGB", image.size, colour.tobytes(), "raw", "RGB;16B")
    return image.convert("RGB")


def reference_pixels(image: Image.Image, preprocessing: Preprocessing) -> Pixels:
    """What the family's own processor, set up as the manifest says, makes of a picture."""
    from transformers import BlipImageProcessor, CLIPImageProcessor

    size = preprocessing.size
    square = {"height": size, "width": size}
    settings: dict[str, Any] = {
        "resample": Image.Resampling[preprocessing.resample.upper()],
        "image_mean": list(preprocessing.mean),
        "image_std": list(preprocessing.std),
    }
    if preprocessing.fit == "crop":
        processor = CLIPImageProcessor(size={"shortest_edge": size}, crop_size=square, **settings)
    else:
        processor = BlipImageProcessor(size=square, **settings)
    # Said, as the reference guesses the channels' axis from the shape, and guesses wrong for an edge of one or three pixels.
    pixels: Pixels = processor(image, return_tensors="np", input_data_format="channels_last")["pixel_values"][0]
    return pixels


def difference(ours: Pixels, reference: Pixels, preprocessing: Preprocessing) -> float:
    """The largest difference before normalization, of a range of 1."""
    std = np.array(preprocessing.std)[:, None, None]
    return float((np.abs(ours - reference) * std).max())


def assert_equal_pixels(content: bytes, preprocessing: Preprocessing) -> None:
    ours = preprocess(decode_image(content, "picture"), preprocessing)
    reference = reference_pixels(open_as_careful_users_do(content), preprocessing)
    assert difference(ours, reference, preprocessing) <= GREY_LEVEL * 1.001


def turned(orientation: int) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = orientation
    return encoded(noise(61, 40), "JPEG", exif=exif)


def sized(width: int, height: int) -> Callable[[], bytes]:
    return lambda: encoded(noise(width, height), "PNG")


ODD_INPUTS: dict[str, Callable[[], bytes]] = {
    **ODD_PICTURES,
    "1 x 1": sized(1, 1),
    # Long enough that the longer edge, with the shorter one at CLIP's 224, is more than ours resizes whole.
    "1 x 500": sized(1, 500),
    "500 x 1": sized(500, 1),
    "colour key": lambda: encoded(noise(60, 40), "PNG", transparency=(1, 2, 3)),
    "YCbCr": lambda: encoded(noise(60, 40).convert("YCbCr"), "TIFF"),
    **{f"EXIF {orientation}": partial(turned, orientation) for orientation in range(1, 9)},
}
SHAPES = [(3, 500), (224, 224), (225, 224), (640, 480), (333, 1001), (5000, 300), (7, 5), (223, 3000)]


@pytest.mark.parametrize("shape", SHAPES)
def test_pixels_of_every_shape_equal_the_reference(shape: tuple[int, int]) -> None:
    content = encoded(noise(*shape), "PNG")
    for preprocessing in EVERY:
        assert_equal_pixels(content, preprocessing)


def test_the_longest_odd_pictures_are_not_resized_whole() -> None:
    assert 500 * CROP.size > WHOLE_EDGE_PIXELS


@pytest.mark.parametrize("kind", ODD_INPUTS)
def test_pixels_of_odd_pictures_equal_the_reference(kind: str) -> None:
    content = ODD_INPUTS[kind]()
    for preprocessing in EVERY:
        assert_equal_pixels(content, preprocessing)


@pytest.mark.shared
@pytest.mark.parametrize("preprocessing", EVERY, ids=lambda one: f"{one.fit} {one.size}")
def test_pixels_of_real_photos_equal_the_reference(shared_photos: Path, preprocessing: Preprocessing) -> None:
    photos = sorted(shared_photos.glob("*.jpg"))
    assert len(photos) == 50
    for path in photos:
        assert_equal_pixels(path.read_bytes(), preprocessing)


def test_the_comparison_notices_another_filter_and_a_missed_rotation() -> None:
    picture = open_as_careful_users_do(turned(1))
    reference = reference_pixels(picture, CROP)
    bilinear = preprocess(picture, CROP.model_copy(update={"resample": "bilinear"}))
    assert difference(bilinear, reference, CROP) > GREY_LEVEL * 1.001
    mirrored = preprocess(open_as_careful_users_do(turned(2)), CROP)
    assert difference(mirrored, reference, CROP) > GREY_LEVEL * 1.001


@pytest.fixture(scope="module")
def encoder() -> ClipEncoder:
    return ClipEncoder(MODELS, SAMPLE.clip)


@pytest.fixture(scope="module")
def captioner() -> BlipCaptioner:
    assert SAMPLE.blip is not None
    return BlipCaptioner(MODELS, SAMPLE.blip)


def cosine(one: NDArray[Any], other: NDArray[Any]) -> float:
    first, second = one.ravel().astype(np.float64), other.ravel().astype(np.float64)
    return float(first @ second / np.linalg.norm(first) / np.linalg.norm(second))


def assert_equal_for_the_models(content: bytes, encoder: ClipEncoder, captioner: BlipCaptioner) -> None:
    image, reference = decode_image(content, "picture"), open_as_careful_users_do(content)
    vectors = encoder.embed_pixels(np.stack([encoder.prepare(image), reference_pixels(reference, SAMPLE_CROP)]))
    assert cosine(*vectors) >= MIN_COSINE
    ours = captioner.see(captioner.prepare(image)[None])
    theirs = captioner.see(reference_pixels(reference, SAMPLE_STRETCH)[None])
    assert ours
    assert min(cosine(ours[name], theirs[name]) for name in ours) >= MIN_COSINE


@pytest.mark.parametrize("kind", ODD_INPUTS)
def test_models_see_odd_pictures_as_through_the_reference(kind: str, encoder: ClipEncoder, captioner: BlipCaptioner) -> None:
    assert_equal_for_the_models(ODD_INPUTS[kind](), encoder, captioner)


@pytest.mark.shared
def test_models_see_real_photos_as_through_the_reference(
    shared_photos: Path, encoder: ClipEncoder, captioner: BlipCaptioner
) -> None:
    for path in sorted(shared_photos.glob("*.jpg")):
        assert_equal_for_the_models(path.read_bytes(), encoder, captioner)


@pytest.mark.shared
def test_a_file_and_its_bytes_are_one_picture(shared_photos: Path) -> None:
    path = next(shared_photos.glob("*.jpg"))
    assert np.array_equal(np.asarray(open_image(path)), np.asarray(decode_image(path.read_bytes(), path.name)))
