"""The captions that plans are made on and judged on, and how they are split.

Owns the splits: a plan is judged on captions of other pictures than those it was made on.
"""

import random
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer

from export.index.captions.file import read_captions
from export.precision.sensitivity import Feed

DRAWN_PICTURES, DRAWN_SEED = 50, 5_000_011  # used by no training set, calibration set or sample library
CAPTIONS_PER_PICTURE = 5
Split = tuple[list[str], list[str]]  # for calibration, for judging


def read_pictures(path: Path | None) -> list[tuple[str, ...]]:
    """Return the captions of each picture of a file, as `evaluate` takes it; None draws scenes, which are not photos.

    Raises:
        CaptionsUnusable: the file cannot be read.
    """
    if path is not None:
        return [picture.captions[:CAPTIONS_PER_PICTURE] for picture in read_captions(path).pictures]
    from export.storybook.captions import exact_caption
    from export.storybook.folder import DrawingOptions
    from export.storybook.queries import wordings

    scenes = DrawingOptions(DRAWN_PICTURES, DRAWN_SEED).scenes()
    return [
        (exact_caption(scene), *wordings(scene, random.Random(f"{DRAWN_SEED}:{number}"), CAPTIONS_PER_PICTURE - 1))
        for number, scene in enumerate(scenes)
    ]


def split_pictures(pictures: Sequence[tuple[str, ...]], count: int) -> list[Split]:
    """Return so many splits by picture: each second picture, the others, then halves drawn at random."""
    splits = []
    for number in range(count):
        order = list(range(len(pictures)))
        if number > 1:
            random.Random(number).shuffle(order)
        first = set(order[number % 2 :: 2])
        sides = ([one for at, one in enumerate(pictures) if (at in first) is wanted] for wanted in (True, False))
        calibration, judged = ([caption for captions in side for caption in captions] for side in sides)
        splits.append((calibration, judged))
    return splits


def tokenize(checkpoint: Path, texts: Sequence[str]) -> list[Feed]:
    """Return the texts as inputs of the graph, each alone: (1, t) int64, with no padding."""
    tokenizer = Tokenizer.from_file(str(checkpoint / "tokenizer.json"))
    tokenizer.no_padding()
    return [{"input_ids": np.array([encoding.ids])} for encoding in tokenizer.encode_batch(list(texts))]
