"""Colours by a picture's ICC profile to sRGB, which is what browsers and models take RGB for. lcms, in Pillow, converts."""

import io
import logging
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageCms import ImageCmsTransform

log = logging.getLogger(__name__)

PROFILES_REMEMBERED = 4
SPACE = slice(16, 20)  # where a profile says of which kind its colours are


def to_srgb(image: "Image", profile: bytes | None) -> "Image":
    """Return an RGB picture whose colours are of a profile in those of sRGB, changed in place.

    A profile that is broken, none of RGB, or sRGB's own changes nothing.
    """
    transform = _transform(profile) if profile and is_rgb(profile) else None
    if transform is not None:
        from PIL import ImageCms

        ImageCms.applyTransform(image, transform, inPlace=True)
    return image


def is_rgb(profile: bytes) -> bool:
    """Return whether a profile is one of RGB colours."""
    return profile[SPACE] == b"RGB "


def read_profile(content: bytes) -> bytes | None:
    """Return the ICC profile in a picture file, as Pillow finds it; None where there is none to be read."""
    from PIL import Image

    try:
        with Image.open(io.BytesIO(content)) as image:
            profile = image.info.get("icc_profile")
    except Exception as cause:  # of any kind, as readers of metadata raise what they like
        log.debug("no colour profile: %s", cause)
        return None
    return profile if isinstance(profile, bytes) else None


@lru_cache(PROFILES_REMEMBERED)
def _transform(profile: bytes) -> "ImageCmsTransform | None":
    try:
        from PIL import ImageCms  # Pillow may be without lcms

        given = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        if "srgb" in ImageCms.getProfileDescription(given).lower():
            return None
        # without lcms's cache of the last pixel, which threads would share
        return ImageCms.buildTransform(given, ImageCms.createProfile("sRGB"), "RGB", "RGB", flags=ImageCms.Flags.NOCACHE)
    except Exception as cause:  # of any kind, likewise
        log.debug("a colour profile is passed over: %s", cause)
        return None
