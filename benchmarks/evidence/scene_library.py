"""Indexed libraries of storybook scenes with known content, and queries that match one of the scenes or none.

A query without a match is a near miss: the description of a scene with one change, so that it names an object that the
library lacks, a colour that this object never has there, or a combination that never occurs.
"""

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.console import Console

from export.index.build import Models, build_index
from export.storybook.drawing import PICTURE_SIDE_PX, draw_scene, encode_jpeg
from export.storybook.facts import Facts, encode_facts, truth_table
from export.storybook.queries import Query, paraphrase, partial_query, short_query
from export.storybook.scenes import COLOURS, COUNTS, OBJECTS, PLACES, TIMES, Box, Group, HeldOut, Scene, sample_scenes
from runtime.artefacts.manifest import MANIFEST_NAME, read_index_manifest, read_models_manifest
from runtime.bootstrap import open_engine
from runtime.engine import Engine
from runtime.library.caption_file import CaptionFile
from runtime.models.blip import BlipCaptioner
from runtime.models.clip import ClipEncoder
from runtime.search.evidence import Answer
from runtime.settings import Settings

SEED = 7_130_417  # used by no training, no other benchmark and no decision
KINDS = ("object", "colour", "combination")
ABSENT_OBJECTS = 4  # of a library that is drawn by its name


@dataclass(frozen=True)
class SceneLibrary:
    """An indexed library. Picture i has the id i + 1; `absent` are the objects that no scene holds."""

    engine: Engine
    scenes: list[Scene]
    boxes: list[tuple[Box, ...]]
    absent: tuple[str, ...]

    def search(self, query: str, top_k: int) -> Answer:
        """Return the answer to a query, without explanations."""
        return self.engine.search(self.engine.limits.check_search(query, top_k, explain=False))

    def near_miss_of(self, scene: Scene, rng: random.Random) -> Scene:
        """Return the scene with one thing changed; it may occur in the library all the same."""
        return _changed(scene, self, rng.choice(KINDS), rng)

    def truth(self, queries: list[Query]) -> NDArray[np.bool_]:
        """Return (queries, scenes) bool: whether the scene shows everything that the query names."""
        shown = encode_facts([Facts.of_scene(scene) for scene in self.scenes])
        return truth_table(encode_facts([query.facts for query in queries]), shown)


def open_models(models_dir: Path) -> Models:
    """Open exported models as the index build takes them, on one thread."""
    manifest = read_models_manifest(models_dir)
    blip = manifest.blip
    captioner = (lambda: BlipCaptioner(models_dir, blip)) if blip else None
    return Models(manifest.fingerprint(), ClipEncoder(models_dir, manifest.clip), captioner)


def make_library(
    folder: Path, models_dir: Path, scenes: list[Scene], name: str, absent: tuple[str, ...] = ()
) -> SceneLibrary:
    """Draw the scenes, index them with `build_index`, and open an engine over them that explains locally.

    `name` seeds the drawing.
    """
    boxes = []
    (folder / "images").mkdir(parents=True)
    for number, scene in enumerate(scenes):
        picture = draw_scene(scene, random.Random(f"{name}:{number}"), PICTURE_SIDE_PX)
        boxes.append(picture.boxes)
        (folder / "images" / f"{number:05d}.jpg").write_bytes(encode_jpeg(picture.image))
    build_index(folder / "images", folder / "index", models=open_models(models_dir), console=Console(quiet=True))
    return SceneLibrary(open_index(folder / "index", models_dir), scenes, boxes, absent)


def make_named_library(folder: Path, models_dir: Path, name: str, count: int) -> SceneLibrary:
    """Make a library of so many scenes, drawn by its name, which lack some objects."""
    rng = random.Random(f"world:{SEED}:{name}")
    absent = choose_absent(rng, ABSENT_OBJECTS)
    scenes = list(islice(scenes_without(absent, rng), count))
    return make_library(folder, models_dir, scenes, f"world:{SEED}:{name}", absent)


def index_again(
    library: SceneLibrary, folder: Path, models_dir: Path, index: str, captions: Mapping[str, str]
) -> SceneLibrary:
    """Return a library that `make_library` made in the folder, in an index of another name and with other captions.

    The captions, by sha256, are taken for the models': as those made live are, which a build takes over.
    """
    models = open_models(models_dir)
    (folder / index).mkdir()
    kept = CaptionFile(folder / index, models.fingerprint)
    for sha256, caption in captions.items():
        kept.write(sha256, caption)
    build_index(folder / "images", folder / index, models=models, console=Console(quiet=True))
    return SceneLibrary(open_index(folder / index, models_dir), library.scenes, library.boxes, library.absent)


def open_index(index_dir: Path, models_dir: Path) -> Engine:
    """Return an engine over an index, with local explanations."""
    return open_engine(Settings.read(models_dir=models_dir, index_dir=index_dir, groq_api_key=""))


def forget_stance(index_dir: Path) -> None:
    """Let an index weigh cosines alone, and not what its captions say in words, as the version before 0.3 did."""
    manifest = read_index_manifest(index_dir)
    if manifest.calibration:
        forgotten = {"agreeing": None, "not_agreeing": None, "part_of_text": None, "agreeing_are_right": 0.0}
        calibration = manifest.calibration.model_copy(update=forgotten)
        text = manifest.model_copy(update={"calibration": calibration}).model_dump_json()
        (index_dir / MANIFEST_NAME).write_text(text, encoding="utf-8")


def scenes_without(absent: tuple[str, ...], rng: random.Random) -> Iterator[Scene]:
    """Yield distinct scenes of combinations seen in training, without some objects."""
    for scene in sample_scenes(rng, HeldOut.NEVER, distinct=True):
        if not any(group.object in absent for group in scene.groups):
            yield scene


def choose_absent(rng: random.Random, count: int) -> tuple[str, ...]:
    """Choose the objects that a library will lack."""
    return tuple(rng.sample(OBJECTS, count))


def matching_queries(library: SceneLibrary, rng: random.Random, count: int) -> list[Query]:
    """Return queries that some scene matches: half partial captions, a quarter paraphrases, a quarter short."""
    queries = (_phrase(rng.choice(library.scenes), rng) for _ in iter(int, 1))
    return list(islice((query for query in queries if library.truth([query]).any()), count))


def near_miss_queries(library: SceneLibrary, rng: random.Random, count: int) -> list[tuple[str, Query]]:
    """Return queries that no scene matches, each with what is absent: object, colour or combination, in equal shares."""
    shares = [count // len(KINDS) + (index < count % len(KINDS)) for index in range(len(KINDS))]
    return [
        (kind, query)
        for kind, share in zip(KINDS, shares, strict=True)
        for query in islice(_near_misses(library, kind, rng), share)
    ]


def _near_misses(library: SceneLibrary, kind: str, rng: random.Random) -> Iterator[Query]:
    present = {(group.object, group.colour) for scene in library.scenes for group in scene.groups}
    while True:
        query = _phrase(_changed(rng.choice(library.scenes), library, kind, rng), rng)
        named = [(wanted.object, wanted.colour) for wanted in query.facts.groups]
        lacks_object = any(name in library.absent for name, _ in named)
        lacks_colour = any(colour and (name, colour) not in present for name, colour in named)
        found = "object" if lacks_object else "colour" if lacks_colour else "combination"
        if named and found == kind and not library.truth([query]).any():
            yield query


def _changed(scene: Scene, library: SceneLibrary, kind: str, rng: random.Random) -> Scene:
    at = rng.randrange(len(scene.groups))
    if kind == "object":
        return _with_group(scene, at, replace(scene.groups[at], object=rng.choice(library.absent)))
    if kind == "colour":
        return _with_group(scene, at, replace(scene.groups[at], colour=rng.choice(COLOURS)))
    known = [name for name in OBJECTS if name not in library.absent]
    return rng.choice(
        (
            replace(scene, place=rng.choice(PLACES)),
            replace(scene, time=rng.choice(TIMES)),
            _with_group(scene, at, replace(scene.groups[at], colour=rng.choice(COLOURS))),
            _with_group(scene, at, replace(scene.groups[at], object=rng.choice(known))),
            _with_group(scene, at, replace(scene.groups[at], count=rng.choice(COUNTS))),
        )
    )


def _with_group(scene: Scene, at: int, group: Group) -> Scene:
    return replace(scene, groups=(*scene.groups[:at], group, *scene.groups[at + 1 :]))


def _phrase(scene: Scene, rng: random.Random) -> Query:
    return rng.choice((partial_query, partial_query, paraphrase, short_query))(scene, rng)
