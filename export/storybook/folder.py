"""A folder of drawn scenes: scene-00001.jpg, scene-00002.jpg, ... and captions.jsonl, which describes each picture.

Owns that layout, in which the sample pictures, the evaluation sets and the benchmarks are written and read.
"""

import json
import random
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from itertools import islice
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from export.storybook.captions import exact_caption
from export.storybook.drawing import PICTURE_SIDE_PX, draw_scene, encode_jpeg
from export.storybook.queries import wordings
from export.storybook.scenes import Box, HeldOut, Scene, sample_scenes
from runtime.artefacts.whole_file import whole_file

CAPTIONS_FILE = "captions.jsonl"
_OTHER_WORDINGS = 3


@dataclass(frozen=True, slots=True)
class DrawingOptions:
    """What to draw; the same options give the same bytes."""

    count: int
    seed: int
    side_px: int = PICTURE_SIDE_PX
    held_out: HeldOut = HeldOut.ANY
    distinct: bool = True

    def scenes(self) -> list[Scene]:
        """Return the scenes to draw; with `distinct`, no two have the same caption."""
        rng = random.Random(f"folder:{self.held_out}:{self.seed}")
        return list(islice(sample_scenes(rng, self.held_out, self.distinct), self.count))


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of captions.jsonl. The first caption is the exact one; the others state the same facts in other words."""

    file: str
    captions: list[str]
    boxes: list[Box]
    scene: Scene

    def to_json(self) -> dict[str, Any]:
        """Return values that JSON can hold; `from_json` reads them back."""
        boxes = [asdict(box) for box in self.boxes]
        return {"file": self.file, "captions": self.captions, "boxes": boxes, "scene": self.scene.to_json()}

    @classmethod
    def from_json(cls, line: dict[str, Any]) -> "Entry":
        """Return the entry that `to_json` wrote."""
        boxes = [Box(**box) for box in line["boxes"]]
        return cls(line["file"], line["captions"], boxes, Scene.from_json(line["scene"]))


def draw_folder(
    folder: Path, options: DrawingOptions, *, workers: int = 2, on_drawn: Callable[[int], None] = lambda count: None
) -> list[Entry]:
    """Draw scenes into a folder. captions.jsonl is written last, so a folder that has it is complete.

    Every file is written under another name and renamed. Files of an earlier run with more scenes stay.
    """
    folder.mkdir(parents=True, exist_ok=True)
    jobs = [(folder, options, number, scene) for number, scene in enumerate(options.scenes(), start=1)]
    entries = []
    with ProcessPoolExecutor(workers, get_context("spawn")) as executor:
        for entry in executor.map(_draw_entry, jobs, chunksize=25):
            entries.append(entry)
            on_drawn(1)
    lines = (json.dumps(entry.to_json(), ensure_ascii=False) + "\n" for entry in entries)
    _write_whole(folder / CAPTIONS_FILE, "".join(lines).encode())
    return entries


def read_folder(folder: Path) -> Iterator[Entry]:
    """Yield the entries of a folder that `draw_folder` wrote, in order."""
    with (folder / CAPTIONS_FILE).open(encoding="utf-8") as lines:
        for line in lines:
            yield Entry.from_json(json.loads(line))


def _draw_entry(job: tuple[Path, DrawingOptions, int, Scene]) -> Entry:
    folder, options, number, scene = job
    rng = random.Random(f"folder:{options.held_out}:{options.seed}:{number}")
    picture = draw_scene(scene, rng, options.side_px)
    name = f"scene-{number:05d}.jpg"
    _write_whole(folder / name, encode_jpeg(picture.image))
    caption = exact_caption(scene)
    others = [text for text in wordings(scene, rng, _OTHER_WORDINGS + 1) if text != caption]
    boxes = [_rounded(box) for box in picture.boxes]
    return Entry(name, [caption, *others[:_OTHER_WORDINGS]], boxes, scene)


def _rounded(box: Box) -> Box:
    corners = (round(value, 4) for value in (box.x0, box.y0, box.x1, box.y1))
    return Box(box.object, box.colour, *corners)


def _write_whole(path: Path, content: bytes) -> None:
    with whole_file(path, synced=False) as file:  # a power cut costs a drawing, which the same command draws again
        file.write(content)
