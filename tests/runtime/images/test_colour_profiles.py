"""Colours of other profiles become sRGB's by the rule "scaled"; what is no profile, or damaged, changes nothing."""

import numpy as np
import pytest
from PIL import Image, ImageCms

from runtime.artefacts.picture_decoding import DecodeRule
from runtime.images import opened_bytes
from runtime.images.metadata import PROFILE_MAX_BYTES, without_metadata
from tests.runtime.images.broken_pictures import chunk, jpeg, png, segment
from tests.runtime.images.odd_pictures import encoded, noise
from tests.runtime.images.profiles import SRGB, exactly_in_srgb, grey_profile, in_display_p3, rgb_profile

P3 = rgb_profile()
PREFIX = b"ICC_PROFILE\0"


def pixels_of(content: bytes, rule: DecodeRule = "scaled") -> "np.ndarray[tuple[int, ...], np.dtype[np.int64]]":
    with opened_bytes(content, "it", rule=rule) as opened:
        return np.asarray(opened.image, dtype=np.int64)


@pytest.mark.parametrize(
    ("form", "options"),
    [("PNG", {}), ("TIFF", {}), ("WEBP", {"lossless": True}), ("JPEG", {"quality": 100, "subsampling": 0}), ("AVIF", {})],
)
def test_display_p3_becomes_srgb_and_by_the_exact_rule_stays(form: str, options: dict[str, object]) -> None:
    meant = noise(60, 40)
    wide = in_display_p3(meant)
    content = encoded(wide, form, icc_profile=P3, **options)
    off = np.abs(pixels_of(content) - np.asarray(meant, dtype=int))
    untold = pixels_of(encoded(wide, form, **options))
    assert off.mean() <= (1 if form in {"PNG", "TIFF", "WEBP"} else 3)
    assert np.abs(untold - np.asarray(meant, dtype=int)).mean() > 2 * off.mean()
    exact = np.asarray(exactly_in_srgb(Image.fromarray(untold.astype(np.uint8))), dtype=int)
    assert np.abs(pixels_of(content) - exact).max() <= 1
    assert np.array_equal(pixels_of(content, "exact"), untold)


@pytest.mark.parametrize(
    "profile",
    [
        rgb_profile(SRGB),
        ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes(),
        rgb_profile(space=b"CMYK"),
        rgb_profile(space=b"GRAY"),
        P3[:200],
        b"no profile",
        P3 + bytes(PROFILE_MAX_BYTES),
    ],
    ids=["sRGB", "lcms's sRGB", "CMYK", "grey without a curve", "cut", "none", "too large"],
)
@pytest.mark.parametrize("form", ["PNG", "JPEG", "TIFF"])
def test_another_profile_changes_nothing(form: str, profile: bytes) -> None:
    content = encoded(noise(60, 40), form, icc_profile=profile)
    assert np.array_equal(pixels_of(content), pixels_of(content, "exact"))


def test_a_profile_in_parts_is_joined_in_their_order() -> None:
    parts = [PREFIX + bytes([number, 2]) + part for number, part in ((2, P3[300:]), (1, P3[:300]))]
    assert without_metadata(jpeg(*(segment(0xE2, part) for part in parts))).profile == P3
    half = jpeg(segment(0xE2, parts[0]))
    assert np.array_equal(pixels_of(half), pixels_of(half, "exact"))


def test_a_packed_profile_that_would_fill_the_memory_is_passed_over() -> None:
    content = encoded(noise(60, 40), "PNG", icc_profile=bytes(2 * PROFILE_MAX_BYTES))
    assert len(content) < PROFILE_MAX_BYTES
    assert without_metadata(content).profile == b""
    assert without_metadata(png(chunk(b"iCCP", b"name\0\0rubbish"))).profile == b""


def test_greys_follow_a_grey_profile() -> None:
    ramp = Image.fromarray(np.arange(256, dtype=np.uint8).reshape(16, 16))
    dark, plain = (pixels_of(encoded(ramp, "PNG", icc_profile=grey_profile(gamma))) for gamma in (3.0, 2.2))
    assert (dark[8, 8] == dark[8, 8, 0]).all()
    assert dark.mean() < plain.mean() - 5
    assert np.abs(plain[:, :, 0] - np.asarray(ramp, dtype=int)).max() < 12  # sRGB's curve is near to 2.2


def test_a_grey_profile_takes_no_colour_away_and_cmyk_keeps_its_own() -> None:
    for picture, profile in ((noise(60, 40), grey_profile(3.0)), (noise(60, 40).convert("CMYK"), P3)):
        content = encoded(picture, "JPEG", icc_profile=profile)
        assert np.array_equal(pixels_of(content), pixels_of(content, "exact"))


def test_a_turned_picture_is_turned_once() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    content = encoded(in_display_p3(noise(60, 40)), "PNG", icc_profile=P3, exif=exif)
    turned = np.asarray(noise(60, 40).transpose(Image.Transpose.ROTATE_270), dtype=int)
    assert np.abs(pixels_of(content) - turned).mean() <= 1
