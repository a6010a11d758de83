"""The training set: tens of thousands of pictures, drawn once into one memory-mapped array.

Owns the layout of its folder (pixels.npy, boxes.npy, scenes.jsonl, drawing.json). Pictures are drawn large and shrunk with
the resampling of the models' preprocessors, as the product shrinks larger pictures, too: a model trained on pictures drawn
at the input size lost 2 points of caption F1 on shrunk ones.
"""

import json
import random
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import islice
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from export.atomic import staged_folder
from export.storybook.drawing import Picture, paint_scene
from export.storybook.scenes import COLOURS, OBJECTS, HeldOut, Scene, sample_scenes

INPUT_SIDE_PX = 112
"""Side of the models' input."""

MAX_OBJECTS = 3
_CANVAS_SIDES_PX = (224, 336, 448)
_CHUNK = 250


@dataclass(frozen=True, slots=True)
class TrainingSet:
    """Training pictures with their boxes and scenes, aligned by position.

    Attributes:
        pixels: (n, 112, 112, 3) uint8 RGB, memory-mapped.
        boxes: (n, 3, 6) float32: object index, colour index, x0, y0, x1, y1; -1 where there is no object.
        scenes: n scenes.
    """

    pixels: NDArray[np.uint8]
    boxes: NDArray[np.float32]
    scenes: list[Scene]


@dataclass(frozen=True, slots=True)
class _Chunk:
    """Consecutive pictures of the training set that one worker draws into the shared file."""

    pixels: Path
    seed: int
    start: int
    scenes: list[Scene]


def draw_training_set(folder: Path, count: int, seed: int, *, workers: int, on_drawn: Callable[[int], None]) -> None:
    """Draw training pictures into `folder`, without a held-out combination; the folder appears only when it is complete.

    Args:
        folder: Where the training set goes; must not exist.
        count: How many pictures.
        seed: Decides every scene and pixel, whatever the number of workers.
        workers: How many processes draw.
        on_drawn: Told after every chunk how many pictures it held.

    Raises:
        OutputUnwritable: The disk is full, or the folder cannot be written.
    """
    with staged_folder(folder) as partial:
        _draw_into(partial, count, seed, workers=workers, on_drawn=on_drawn)


def _draw_into(folder: Path, count: int, seed: int, *, workers: int, on_drawn: Callable[[int], None]) -> None:
    started = time.monotonic()
    scenes = list(islice(sample_scenes(random.Random(f"pool:{seed}"), HeldOut.NEVER), count))
    pixels = folder / "pixels.npy"
    shape = (count, INPUT_SIDE_PX, INPUT_SIDE_PX, 3)
    np.lib.format.open_memmap(pixels, "w+", np.uint8, shape).flush()
    chunks = [_Chunk(pixels, seed, at, scenes[at : at + _CHUNK]) for at in range(0, count, _CHUNK)]
    boxes = []
    with ProcessPoolExecutor(workers, get_context("spawn")) as executor:
        for drawn in executor.map(_draw_chunk, chunks):
            boxes.append(drawn)
            on_drawn(len(drawn))
    np.save(folder / "boxes.npy", np.concatenate(boxes))
    lines = (json.dumps(scene.to_json()) + "\n" for scene in scenes)
    (folder / "scenes.jsonl").write_text("".join(lines), encoding="utf-8")
    drawn_s = round(time.monotonic() - started, 1)
    (folder / "drawing.json").write_text(json.dumps({"pictures": count, "workers": workers, "seconds": drawn_s}))


def load_training_set(folder: Path) -> TrainingSet:
    """Open the training set that `draw_training_set` wrote."""
    lines = (folder / "scenes.jsonl").read_text(encoding="utf-8").splitlines()
    scenes = [Scene.from_json(json.loads(line)) for line in lines]
    return TrainingSet(np.load(folder / "pixels.npy", mmap_mode="r"), np.load(folder / "boxes.npy"), scenes)


def _draw_chunk(chunk: _Chunk) -> NDArray[np.float32]:
    """Draw a chunk into the shared file, and return its boxes."""
    pixels = np.load(chunk.pixels, mmap_mode="r+")
    boxes = []
    for index, scene in enumerate(chunk.scenes, start=chunk.start):
        rng = random.Random(f"pool:{chunk.seed}:{index}")
        picture = paint_scene(scene, rng, rng.choice(_CANVAS_SIDES_PX))
        side = (INPUT_SIDE_PX, INPUT_SIDE_PX)
        pixels[index] = np.asarray(picture.image.resize(side, Image.Resampling.BICUBIC))
        boxes.append(_box_rows(picture))
    pixels.flush()
    return np.stack(boxes)


def _box_rows(picture: Picture) -> NDArray[np.float32]:
    rows = np.full((MAX_OBJECTS, 6), -1, np.float32)
    for row, box in zip(rows, picture.boxes, strict=False):
        row[:] = OBJECTS.index(box.object), COLOURS.index(box.colour), box.x0, box.y0, box.x1, box.y1
    return rows


def scenes_by_key(
    scenes: Sequence[Scene], key: Callable[[Scene], Sequence[tuple[str, ...]]]
) -> dict[tuple[str, ...], NDArray[np.int64]]:
    """Return the positions of the scenes that share a key; a scene may have several keys."""
    positions: dict[tuple[str, ...], list[int]] = {}
    for index, scene in enumerate(scenes):
        for value in key(scene):
            positions.setdefault(value, []).append(index)
    return {value: np.array(found) for value, found in sorted(positions.items())}
