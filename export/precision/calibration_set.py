"""The calibration set: the pictures and texts on which quantized graphs are measured.

Owns the built-in set, which needs no file and no network, and the reading of a user's own. Runs no model.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from export.console import ProgressDisplay
from export.errors import CaptionsUnusable
from runtime.errors import ImageNotFound, ImageTooLarge, ImageUnreadable

if TYPE_CHECKING:
    from PIL.Image import Image

DRAWN_SCENES = 48
SEED = 3_000_017  # used by no training set, benchmark or sample library
QUERIES = (
    "a dog",
    "two people on bicycles",
    "a red boat at sunset",
    "a photo of a cat asleep on a laptop",
    "children playing football in a park",
    "a plate of food with vegetables and rice on a wooden table",
    "an old map of the city with handwritten notes in the margin",
    "snow-covered mountains above a lake",
    "a man in a white shirt holding a baby",
    "black and white portrait of a woman looking out of a window",
    "close-up of a bee on a yellow flower",
    "a crowded street market at night, neon signs, light rain",
    "ein Schloß am See, 1887",
    "IMG_2041 birthday cake with candles",
    "a train arriving at a station",
    "screenshot of a spreadsheet",
)
TEXTURES, TEXTURE_SIDE_PX = 3, 384
MAX_PICTURES, MAX_TEXTS = 64, 96  # of a file of captions


@dataclass(frozen=True)
class CalibrationSet:
    """RGB pictures of any size, captions and queries, and words that say where they are from."""

    images: "Sequence[Image]"
    texts: Sequence[str]
    source: str


def draw_calibration_set(count: int = DRAWN_SCENES) -> CalibrationSet:
    """Return storybook scenes, the same on every machine, with their captions and `QUERIES`."""
    from export.storybook.captions import exact_caption
    from export.storybook.drawing import draw_scene
    from export.storybook.folder import DrawingOptions

    scenes = DrawingOptions(count, SEED).scenes()
    images = [draw_scene(scene, random.Random(f"{SEED}:{number}")).image for number, scene in enumerate(scenes)]
    texts = [*QUERIES, *map(exact_caption, scenes)][: max(count, len(QUERIES))]
    return CalibrationSet(images, texts, f"{count} drawn scenes, and {len(texts)} queries and captions")


def draw_textures(count: int = TEXTURES, side_px: int = TEXTURE_SIDE_PX) -> "list[Image]":
    """Return RGB noise whose amplitudes fall with the frequency, as they do in photos, and which scenes have nothing of.

    In natural images, amplitude is about 1 / frequency (Field 1987, J. Opt. Soc. Am. A 4, 2379). The mean of each channel is
    that of the middle grey, its standard deviation a fifth of the range.
    """
    from PIL import Image

    rng = np.random.default_rng(SEED)
    frequency = np.hypot(np.fft.fftfreq(side_px)[:, None], np.fft.rfftfreq(side_px))[..., None]  # (s, s / 2 + 1, 1)
    frequency[0, 0] = np.inf  # no offset
    images = []
    for _ in range(count):
        spectrum = np.fft.rfft2(rng.standard_normal((side_px, side_px, 3)), axes=(0, 1)) / frequency
        noise = np.fft.irfft2(spectrum, s=(side_px, side_px), axes=(0, 1))
        levels = 127.5 + 51 * noise / noise.std(axis=(0, 1))
        images.append(Image.fromarray(np.clip(levels, 0, 255).astype(np.uint8)))
    return images


def read_calibration_set(path: Path, display: ProgressDisplay) -> CalibrationSet:
    """Return the first `MAX_PICTURES` pictures of a file of captions, as `evaluate` takes it, and `MAX_TEXTS` captions.

    Raises:
        CaptionsUnusable: the file cannot be read, or none of its pictures.
    """
    from export.index.captions.file import read_captions
    from runtime.images import open_image

    captions = read_captions(path)
    for skipped in captions.skipped:
        display.say(f"{path}, line {skipped.line} is left out: {skipped.reason}")
    images: list[Image] = []
    texts: list[tuple[str, ...]] = []
    for picture in captions.pictures:
        if len(images) == MAX_PICTURES:
            break
        try:
            images.append(open_image(picture.path, picture.name))
            texts.append(picture.captions)
        except (ImageNotFound, ImageTooLarge, ImageUnreadable) as cause:
            display.say(f"{path}, line {picture.line} is left out: {cause}")
    if not images:
        raise CaptionsUnusable(path, "none of its pictures can be read")
    rounds = zip_longest(*texts)  # the first caption of every picture, then the second ones
    chosen = [text for one_round in rounds for text in one_round if text][:MAX_TEXTS]
    return CalibrationSet(images, chosen, f"{len(images)} pictures and {len(chosen)} captions of {path.name}")
