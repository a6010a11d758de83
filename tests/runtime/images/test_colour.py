"""Colours to sRGB: another profile's are converted, and whatever is none changes nothing."""

import io

import numpy as np
import pytest
from PIL import Image, ImageCms

from runtime.images.colour import read_profile, to_srgb
from tests.runtime.images.odd_pictures import encoded, noise
from tests.runtime.images.profiles import display_p3


def test_display_p3_and_back_is_the_same_picture() -> None:
    picture = noise(60, 40)
    wide = ImageCms.profileToProfile(picture, ImageCms.createProfile("sRGB"), io.BytesIO(display_p3()))
    assert wide is not None
    pixels = np.asarray(picture, int)
    assert np.abs(np.asarray(wide, int) - pixels).mean() > 2
    assert np.abs(np.asarray(to_srgb(wide, display_p3()), int) - pixels).mean() <= 1


@pytest.mark.parametrize(
    "profile",
    [
        None,
        b"",
        b"no profile",
        display_p3()[:200],
        display_p3().replace(b"RGB ", b"CMYK", 1),
        ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes(),
        ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes(),
    ],
)
def test_what_is_no_other_profile_of_rgb_changes_nothing(profile: bytes | None) -> None:
    assert np.array_equal(np.asarray(to_srgb(noise(60, 40), profile)), np.asarray(noise(60, 40)))


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "AVIF", "TIFF"])
def test_a_profile_is_found_in_any_format(form: str) -> None:
    assert read_profile(encoded(Image.new("RGB", (8, 8)), form, icc_profile=display_p3())) == display_p3()
    assert read_profile(b"no picture") is None
