"""The perceptual hash: equal to imagehash's, near for the same picture saved again, and what is fine in a picture."""

import io

import numpy as np
import pytest
from PIL import Image, ImageEnhance

from runtime.images.phash import GREY_EDGE, HASH_BITS, SHRUNK_EDGE, details, perceptual_hash, shrink_to_greys


def drawn(seed: int, size: tuple[int, int]) -> Image.Image:
    cells = np.random.default_rng(seed).integers(0, 255, (3, 4, 3), dtype=np.uint8)
    return Image.fromarray(cells).resize(size, Image.Resampling.NEAREST)


def noise(seed: int, size: tuple[int, int] = (256, 192)) -> Image.Image:
    cells = np.random.default_rng(seed).integers(0, 255, (48, 64, 3), dtype=np.uint8)
    return Image.fromarray(cells).resize(size, Image.Resampling.BICUBIC)


def bits_apart(one: Image.Image, other: Image.Image) -> int:
    hashes = [np.frombuffer(perceptual_hash(shrink_to_greys(image)), np.uint8) for image in (one, other)]
    return int(np.bitwise_count(hashes[0] ^ hashes[1]).sum())


def agreement(one: Image.Image, other: Image.Image) -> float:
    greys = np.frombuffer(shrink_to_greys(one) + shrink_to_greys(other), np.uint8).reshape(2, GREY_EDGE**2)
    first, second = details(greys)
    return float(first @ second)


@pytest.mark.parametrize(
    ("seed", "size", "said_by_imagehash"),  # 4.3.2, with SciPy 1.17.1 and Pillow 13.0.0
    [
        (0, (64, 48), "ec87250fd2785987"),
        (1, (64, 48), "c66cdad22d9b4364"),
        (2, (31, 77), "b113ade452ecad13"),
        (3, (300, 200), "ecad8712705a8fa5"),
    ],
)
def test_the_hash_is_imagehashs(seed: int, size: tuple[int, int], said_by_imagehash: str) -> None:
    assert perceptual_hash(shrink_to_greys(drawn(seed, size))).hex() == said_by_imagehash


def test_a_large_picture_is_shrunk_first_and_has_nearly_the_same_hash() -> None:
    large = noise(1, (4 * SHRUNK_EDGE, 3 * SHRUNK_EDGE))
    whole = large.convert("L").resize((GREY_EDGE, GREY_EDGE), Image.Resampling.LANCZOS).tobytes()
    hashes = np.frombuffer(perceptual_hash(whole) + perceptual_hash(shrink_to_greys(large)), np.uint8).reshape(2, -1)
    assert np.bitwise_count(hashes[0] ^ hashes[1]).sum() <= 2


def test_a_picture_saved_again_smaller_or_darker_keeps_hash_and_details() -> None:
    picture, jpeg = noise(1), io.BytesIO()
    picture.resize((128, 96)).save(jpeg, "JPEG", quality=60)
    for changed in (Image.open(jpeg), ImageEnhance.Brightness(picture).enhance(0.6), picture.convert("L").convert("RGB")):
        assert bits_apart(picture, changed) <= 10
        assert agreement(picture, changed) > 0.9


def test_another_picture_has_neither() -> None:
    assert bits_apart(noise(1), noise(2)) > HASH_BITS / 4
    assert abs(agreement(noise(1), noise(2))) < 0.5


def test_a_picture_of_one_colour_has_no_details_to_agree_in() -> None:
    assert agreement(Image.new("RGB", (40, 40), "red"), Image.new("RGB", (90, 20), "red")) == 0


@pytest.mark.parametrize("size", [(1, 1), (1, 3000), (3000, 1), (2, 2)])
def test_a_picture_of_any_size_has_greys(size: tuple[int, int]) -> None:
    assert len(shrink_to_greys(Image.new("RGB", size))) == GREY_EDGE**2
