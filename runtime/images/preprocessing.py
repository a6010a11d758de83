"""RGB pictures to a graph's pixels, equal to the reference processors. Knows no model; a `Preprocessing` has the form."""

import math
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from PIL.Image import Image

    from runtime.artefacts.model_records import Preprocessing

WHOLE_EDGE_PIXELS = 100_000  # the longest edge that is resized whole before its middle is cut out
SCALED_GAP = 3.0  # a scaled picture is averaged over whole pixels down to no less than so many times its target's size
FILTER_SUPPORT = 3  # source pixels on each side that a resampling filter can reach (bicubic 2, lanczos 3)


def preprocess(
    image: "Image", preprocessing: "Preprocessing", scaled_from: tuple[int, int] | None = None
) -> NDArray[np.float32]:
    """Return a graph's pixels, equal to `CLIPImageProcessor` ("crop") or `BlipImageProcessor` ("stretch").

    Of a picture that was scaled while it was decoded they are near those of the whole: within .3 grey levels in the mean,
    2 in 99 of 100 pixels (`benchmarks/photos/decode.py`). What is cut out is the same to the pixel.

    Args:
        image: RGB, any size.
        preprocessing: the size s, fit, filter, mean and deviation, as the models' manifest gives them.
        scaled_from: the whole's width and height, where the picture was scaled from it.

    Returns:
        (3, s, s) float32, rescaled to [0, 1], then normalized per channel.
    """
    if preprocessing.fit == "crop":
        fitted = _resize_and_crop(image, preprocessing, scaled_from)
    else:
        gap = SCALED_GAP if scaled_from else None
        fitted = image.resize((preprocessing.size, preprocessing.size), _filter(preprocessing), reducing_gap=gap)
    pixels = np.asarray(fitted, dtype=np.float32) / 255.0  # (s, s, 3)
    mean, std = (np.asarray(values, dtype=np.float32) for values in (preprocessing.mean, preprocessing.std))
    normalized = (pixels - mean) / std
    return np.ascontiguousarray(normalized.transpose(2, 0, 1), dtype=np.float32)


def seen_part(image: "Image", preprocessing: "Preprocessing") -> tuple[float, float, float, float]:
    """Return the part of a picture that `preprocess` keeps, (x0, y0, x1, y1) as fractions of its width and height."""
    if preprocessing.fit == "stretch":
        return 0.0, 0.0, 1.0, 1.0
    shortest = min(image.size)
    margin_x, margin_y = ((1 - shortest / edge) / 2 for edge in image.size)
    return margin_x, margin_y, 1 - margin_x, 1 - margin_y


def _resize_and_crop(image: "Image", preprocessing: "Preprocessing", scaled_from: tuple[int, int] | None) -> "Image":
    """Return the middle square of the picture resized so that its shortest edge is `size`."""
    size = preprocessing.size
    whole, gap = scaled_from or image.size, SCALED_GAP if scaled_from else None
    shortest = min(whole)
    resized = [size if edge == shortest else int(size * edge / shortest) for edge in whole]
    spans = [_needed_span(edge, target, size) for edge, target in zip(image.size, resized, strict=True)]
    (left, width, x0, x1), (top, height, y0, y1) = spans
    part = image.resize((width, height), _filter(preprocessing), box=(x0, y0, x1, y1), reducing_gap=gap)
    return part.crop((left, top, left + size, top + size))


def _needed_span(edge: int, target: int, size: int) -> tuple[int, int, float, float]:
    """Return which part of an edge must be resized so that the middle `size` of its `target` pixels can be cut out.

    The whole edge, as the reference does, unless that is absurdly long: a picture of 1 x 4000 pixels would become
    224 x 896,000 on its way to 224 x 224. Then it is the middle, with a margin that the filter can reach.

    Returns:
        (offset of the middle in the part, length of the part, start and end of the part in source pixels).
    """
    start, first, last = (target - size) // 2, 0, target
    scale = target / edge
    if target > WHOLE_EDGE_PIXELS:
        margin = math.ceil(FILTER_SUPPORT * max(scale, 1.0)) + 1
        first, last = max(0, start - margin), min(target, start + size + margin)
    return start - first, last - first, first / scale, min(float(edge), last / scale)


def _filter(preprocessing: "Preprocessing") -> int:
    from PIL import Image

    return Image.Resampling[preprocessing.resample.upper()]
