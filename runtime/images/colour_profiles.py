"""Colours by a picture's ICC profile to sRGB, which is what models and browsers take RGB for.

lcms (in Pillow) converts. A profile that is damaged, or of another kind of colours than RGB and grey, is passed over, and so
are all where Pillow has no lcms, as in the Lambda function.
"""

import io
import logging
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from runtime.images.metadata import PROFILE_MAX_BYTES

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageCms import ImageCmsTransform

log = logging.getLogger(__name__)

MODES = {"RGB ": "RGB", "GRAY": "L"}  # by the name of a profile's colours
GREY_MODES = frozenset({"1", "L", "LA", "La", "I", "I;16", "I;16B", "I;16L", "I;16N"})
REMEMBERED = 4  # profiles: a library's pictures come from a few cameras
PROBE_STEP = 51  # between levels of the colours that show whether a profile is sRGB's
NOTICED_LEVELS = 1  # a conversion that moves no colour by more is left out


def to_srgb(image: "Image", profile: object, mode: str) -> "Image":
    """Return an RGB picture in sRGB's colours; it may be the picture itself, changed in place.

    Args:
        image: RGB, whose numbers are colours of the profile.
        profile: an ICC profile as bytes; anything else is none.
        mode: of the picture before it became RGB. A grey profile counts for greys alone, none for CMYK.
    """
    if not isinstance(profile, bytes) or not 0 < len(profile) <= PROFILE_MAX_BYTES:
        return image
    transform = _transform(profile)
    if transform is None or mode == "CMYK" or (transform.input_mode == "L" and mode not in GREY_MODES):
        return image
    return _converted(image, transform)


def _converted(image: "Image", transform: "ImageCmsTransform") -> "Image":
    from PIL import ImageCms

    if transform.input_mode == "L":
        return ImageCms.applyTransform(image.getchannel(0), transform) or image
    ImageCms.applyTransform(image, transform, inPlace=True)
    return image


@lru_cache(REMEMBERED)
def _transform(profile: bytes) -> "ImageCmsTransform | None":
    """Return what converts colours of a profile to sRGB; None where there is nothing to convert, or no telling how."""
    try:
        return _built(profile)
    except MemoryError:
        raise
    except Exception as cause:  # of any kind, as lcms and Pillow raise what they like; ImportError: no lcms
        log.debug("a colour profile is passed over: %s", cause)
        return None


def _built(profile: bytes) -> "ImageCmsTransform | None":
    from PIL import Image, ImageCms

    given = ImageCms.ImageCmsProfile(io.BytesIO(profile))
    mode = MODES.get(given.profile.xcolor_space)
    if mode is None:
        return None
    # without lcms's cache of the last pixel, which threads would share
    transform = ImageCms.buildTransform(given, ImageCms.createProfile("sRGB"), mode, "RGB", flags=ImageCms.Flags.NOCACHE)
    levels = np.arange(0, 256, PROBE_STEP, dtype=np.uint8)
    colours = np.stack(np.meshgrid(*[levels if mode == "RGB" else levels[:1]] * 2, levels), axis=-1).reshape(1, -1, 3)
    if mode == "L":
        colours = np.repeat(colours[:, :, 2:], 3, axis=2)
    converted = np.asarray(_converted(Image.fromarray(colours), transform), dtype=int)
    return transform if np.abs(converted - colours).max() > NOTICED_LEVELS else None
