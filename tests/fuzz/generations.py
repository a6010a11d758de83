"""Generations of a sample index that can be told apart in every answer: names, captions and ids carry their number.

Written by the project's own code into one folder, ahead of time; `Switchboard` puts one after the other into force, as a
build does: its folder first, then the manifest, and then the folder before the last goes.
"""

import itertools
import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from rich.console import Console

from export.index.catalog import Catalog, read_catalog
from export.index.generations.generation import NextGeneration, publish
from export.index.generations.history import name_of
from runtime.artefacts.file_record import sha256_of
from runtime.artefacts.manifest import MANIFEST_NAME, IndexManifest, read_index_manifest
from runtime.artefacts.whole_file import whole_file
from runtime.stores.opening import open_stores
from runtime.stores.vector_file import VectorBatch

IDS_A_GENERATION = 100_000  # id 700012 is the twelfth picture of the seventh generation
NUMBER = re.compile(r"generation (\d+)")


def write_generations(sample: Path, out: Path, count: int, *, captioned: float = 1.0, ivf_from: int = 10**9) -> None:
    """Write `count` generations, from 1 on, of the index in `sample`; of each, this share of pictures has a caption."""
    out.mkdir(parents=True)
    manifest = read_index_manifest(sample)
    rows = read_catalog(sample / manifest.catalog.path).rows
    pictures, captions = open_stores(sample, manifest)
    assert captions
    vectors, of_captions = pictures.vectors_of([row.id for row in rows]), captions.vectors_of([row.id for row in rows])
    with_caption = int(len(rows) * captioned)
    for number in range(1, count + 1):
        numbered = [
            replace(
                row,
                id=number * IDS_A_GENERATION + at,
                image_path=f"generation {number}/{row.image_path}" if captioned == 1 else row.image_path,
                caption=f"{row.caption}, generation {number}" if at < with_caption else None,
            )
            for at, row in enumerate(rows)
        ]
        ids = [row.id for row in numbered]
        following = NextGeneration(
            number=number,
            catalog=Catalog(numbered, [], next_id=(number + 1) * IDS_A_GENERATION),
            images_dir=Path(manifest.images_dir),
            models=manifest.models,
            dimension=manifest.dimension,
            vectors=_batches(ids, vectors),
            captions=_batches(ids[:with_caption], of_captions[:with_caption]),
            ivf_from=ivf_from,
        )
        publish(out, following, Console(quiet=True))
        written = read_index_manifest(out).model_copy(update={"calibration": manifest.calibration})
        folder, content = out / name_of(number), written.model_dump_json()
        for path in (out / f"{folder.name}.json", folder / MANIFEST_NAME):
            path.write_text(content, "utf-8")
        (folder / f"{MANIFEST_NAME}.sha256").write_text(f"{sha256_of(folder / MANIFEST_NAME)}  {MANIFEST_NAME}\n")


def _batches(ids: list[int], vectors: object) -> Iterator[VectorBatch]:
    yield ids, vectors  # type: ignore[misc]  # an array


class Switchboard:
    """Puts written generations into force in `index`, one after the other. `number` is the one in force."""

    def __init__(self, written: Path, index: Path) -> None:
        """Put the first one into force."""
        self._written, self._index, self.number = written, index, 0
        index.mkdir(parents=True)
        self.switch()

    def switch(self) -> int:
        """Put the next one into force, and return its number."""
        self.number += 1
        name = name_of(self.number)
        (self._written / name).rename(self._index / name)
        with whole_file(self._index / MANIFEST_NAME) as file:
            file.write((self._written / f"{name}.json").read_bytes())
        shutil.rmtree(self._index / name_of(self.number - 2), ignore_errors=True)
        return self.number


def generations_in(answer: dict[str, Any]) -> set[int]:
    """Return the numbers of all generations that an answer has something of."""
    found = {int(number) for number in NUMBER.findall(json.dumps(answer["results"]))}
    return found | {int(hit["id"]) // IDS_A_GENERATION for hit in answer["results"]}


def manifest_of(written: Path, number: int) -> IndexManifest:
    """Return the manifest of a written generation."""
    return IndexManifest.model_validate_json((written / f"{name_of(number)}.json").read_text("utf-8"))


QUERIES = [
    f"a {colour} {thing} {place}"
    for colour, thing, place in itertools.product(
        ("red", "blue", "green", "white", "yellow"),
        ("boat", "house", "tree", "car", "bird", "butterfly"),
        ("at sunset", "in the snow", "on a beach", "in the rain"),
    )
]
