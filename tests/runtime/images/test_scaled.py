"""The rule "scaled": which pictures it makes smaller, how near pixels are to the exact ones, and what it cuts out."""

import numpy as np
import pytest
from PIL import Image

from runtime.artefacts.model_records import Preprocessing
from runtime.images import LocalReader, memory, opened_bytes, preprocess
from runtime.images.memory import reduction
from tests.runtime.images.odd_pictures import CLIP_MEAN, CLIP_STD, ODD_PICTURES, encoded, noise
from tests.runtime.images.test_upload_process import LIMITS

LEVELS = np.array(CLIP_STD)[:, None, None] * 255
CROP = Preprocessing(size=40, fit="crop", resample="bicubic", mean=CLIP_MEAN, std=CLIP_STD)
STRETCH = CROP.model_copy(update={"fit": "stretch"})


@pytest.fixture
def small_edges(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let pictures of a few hundred pixels be scaled, to no less than twice what `CROP` sees."""
    monkeypatch.setattr(memory, "KEPT_SHORT_EDGE_PIXELS", 2 * CROP.size)
    monkeypatch.setattr(memory, "SCALED_EDGE_PIXELS", 150)


@pytest.mark.parametrize(
    ("size", "factor"),
    [
        ((4032, 3024), 2),
        ((3024, 4032), 2),
        ((6000, 4000), 4),
        ((8064, 6048), 4),
        ((12_000, 9000), 8),
        ((3000, 1500), 1),
        ((8000, 1200), 1),
        ((1600, 1600), 1),
        ((2880, 1536), 2),
        ((2879, 1536), 1),
    ],
)
def test_twice_what_the_largest_model_sees_is_left_and_a_preview_that_fills_a_screen(
    size: tuple[int, int], factor: int
) -> None:
    assert reduction(*size, 2048, "scaled") == factor
    assert reduction(*size, 2048) <= factor


@pytest.mark.parametrize("kind", ODD_PICTURES)
def test_small_pictures_are_decoded_exactly(kind: str) -> None:
    content = ODD_PICTURES[kind]()
    exact, scaled = (LocalReader(LIMITS).read(content, kind, CROP, rule) for rule in ("exact", "scaled"))
    assert np.array_equal(exact, scaled)


@pytest.mark.usefixtures("small_edges")
@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK", "progressive", "turned", "PNG", "WEBP"])
@pytest.mark.parametrize("form", [CROP, STRETCH], ids=["crop", "stretch"])
def test_pixels_of_a_scaled_picture_are_near_the_exact_ones(mode: str, form: Preprocessing) -> None:
    exif, picture = Image.Exif(), noise(720, 540)
    exif[0x0112] = 6 if mode == "turned" else 1
    options = {"progressive": mode == "progressive", "quality": 90, "exif": exif}
    content = encoded(
        picture.convert(mode if mode in {"L", "CMYK"} else "RGB"), mode if mode in {"PNG", "WEBP"} else "JPEG", **options
    )
    with opened_bytes(content, "it") as whole, opened_bytes(content, "it", rule="scaled") as scaled:
        assert (scaled.width, scaled.height) == scaled.scaled_from == whole.image.size
        assert max(scaled.image.size) < max(whole.image.size)
        assert min(scaled.image.size) >= 2 * form.size
        off = np.abs(preprocess(scaled.image, form, scaled.scaled_from) - preprocess(whole.image, form)) * LEVELS
    assert (
        off.mean() <= 1
    )  # this noise has far more detail than a photo: benchmarks/photos/decode.py has the figures of those
    assert np.percentile(off, 99) <= 4


@pytest.mark.usefixtures("small_edges")
def test_what_is_cut_out_goes_by_the_size_of_the_whole() -> None:
    """601 x 450 pixels become 53 x 40; half of them, 301 x 225, would: the same; of 721 x 541 the halves would not."""
    moved = [(width, 541) for width in range(541, 900) if _target(width, 541) != _target(-(-width // 2), 271)]
    assert moved
    for width, height in moved[:3]:
        content = encoded(noise(width, height), "JPEG", quality=95)
        with opened_bytes(content, "it") as whole, opened_bytes(content, "it", rule="scaled") as scaled:
            exact = preprocess(whole.image, CROP)
            by_whole, by_itself = preprocess(scaled.image, CROP, scaled.scaled_from), preprocess(scaled.image, CROP)
        assert np.abs(by_whole - exact).mean() < np.abs(by_itself - exact).mean()


@pytest.mark.usefixtures("small_edges")
def test_a_jpeg_that_is_cut_short_is_judged_as_by_the_exact_rule() -> None:
    content = encoded(noise(720, 540), "JPEG")
    with opened_bytes(content[: len(content) * 3 // 4], "cut", rule="scaled") as opened:
        assert (opened.image.size, opened.scaled_from) == ((180, 135), (720, 540))


def _target(width: int, height: int) -> int:
    return int(CROP.size * width / height)
