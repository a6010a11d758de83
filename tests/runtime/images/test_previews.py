"""Previews: their size, and that nothing but the picture goes along."""

import io

import numpy as np
import pytest
from PIL import Image

from runtime.images import PREVIEW_EDGES, encode_preview, encode_previews, opened_bytes
from tests.runtime.images.odd_pictures import encoded, noise
from tests.runtime.images.profiles import rgb_profile


def opened(preview: bytes) -> Image.Image:
    return Image.open(io.BytesIO(preview))


@pytest.mark.parametrize(
    ("size", "sizes"),
    [
        ((2000, 1500), [(320, 240), (512, 384), (1600, 1200)]),
        ((1500, 3000), [(160, 320), (256, 512), (800, 1600)]),
        ((700, 300), [(320, 137), (512, 219), (700, 300)]),
        ((60, 40), [(60, 40), (60, 40), (60, 40)]),
        ((3000, 1), [(320, 1), (512, 1), (1600, 1)]),
    ],
)
def test_the_longest_edge_is_that_of_the_preview_or_the_pictures_own(
    size: tuple[int, int], sizes: list[tuple[int, int]]
) -> None:
    picture = noise(*size)
    previews = encode_previews(picture)
    assert [opened(previews[edge]).size for edge in PREVIEW_EDGES] == sizes
    assert [opened(encode_preview(picture, edge)).size for edge in PREVIEW_EDGES] == sizes
    assert picture.size == size


def test_a_preview_looks_like_its_picture() -> None:
    picture = noise(90, 60).resize((900, 600))
    preview = opened(encode_previews(picture)[512])
    off = np.abs(np.asarray(preview, dtype=int) - np.asarray(picture.resize(preview.size), dtype=int))
    assert off.mean() < 3


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "TIFF", "GIF"])
def test_no_metadata_goes_along(form: str) -> None:
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 6, "a maker"
    options = {"comment": b"said by somebody"} if form == "GIF" else {"exif": exif, "icc_profile": rgb_profile()}
    with opened_bytes(encoded(noise(60, 40), form, **options), "it", rule="scaled") as picture:
        preview = opened(encode_previews(picture.image)[512])
    assert preview.size == ((60, 40) if form == "GIF" else (40, 60))
    assert preview.info.keys() <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
