"""One library, written as every kind of store holds it: in files (flat, clustered), or in an engine over its rows."""

import io
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.console import Console

from export.index.catalog import Catalog, IndexedImage, write_catalog
from export.index.photos.folder_facts import KnownFacts
from export.index.vectors.clusters import write_ivf
from runtime.library.catalog import Library
from runtime.library.photos.photo_facts import PhotoFacts
from runtime.library.picture_text import PictureWord, write_words
from runtime.stores.clustered import ClusteredStore
from runtime.stores.faiss_ivf import MappedIvf
from runtime.stores.flat import FlatStore
from runtime.stores.protocols import VectorSource, VectorStore
from runtime.stores.vector_file import write_vectors

DIMENSION, COUNT = 16, 400
FOLDERS = ("", "2019/holiday/", "2019/Holiday party/", "2020/", 'Cafe\u0301\'s "best"/')
PLACES = ((None, None), ("Lisbon", "PT"), ("Lisbon", "US"), ("Saint-Étienne", "FR"), (None, "FR"), ("Porto", "PT"))
TAKEN = (None, "2018", "2019", "2019-06", "2019-06-02T14:03:22", "2019-06-30", "2019-12-31T23:59:59", "2020-01-01")
CAMERAS = (None, "Google Pixel 7", "Canon EOS R5")
TOWN_NAMES = {("Lisbon", "PT"): ("lisboa",), ("Porto", "PT"): ("oporto",)}
WORDS = (PictureWord("STOP", (0.1, 0.1, 0.4, 0.2)),)


@dataclass(frozen=True)
class OpenedStore:
    """A kind of store, opened over the contract's library."""

    pictures: VectorStore
    captions: VectorSource
    library: Library


@cache
def vectors(seed: int) -> NDArray[np.float32]:
    """Return unit vectors, (COUNT, d), whose values 16-bit floats hold, so that every kind has the same ones."""
    drawn = np.random.default_rng(seed).normal(size=(COUNT, DIMENSION))
    unit = (drawn / np.linalg.norm(drawn, axis=1, keepdims=True)).astype(np.float16)
    held: NDArray[np.float32] = unit.astype(np.float32)
    return held


PICTURES, CAPTIONS, QUERIES = 0, 1, 2  # seeds


@cache
def contract_rows() -> tuple[IndexedImage, ...]:
    """Return the pictures; ids have gaps, and the last is as large as an engine may keep."""
    return tuple(
        IndexedImage(
            2**63 - 2 if at == COUNT - 1 else 100 + 3 * at,
            f"{FOLDERS[at % len(FOLDERS)]}picture {at}.jpg",
            f"{at:064x}",
            1000 + at,
            60,
            40,
            None if at % 7 == 3 else "" if at % 7 == 4 else f"a boat, number {at}",
            1_700_000_000_000_000_000 + at,
            caption_source="given" if at % 11 == 5 and at % 7 not in {3, 4} else "index",
            other_captions=('another "one"', "und noch eine ü") if at % 11 == 5 and at % 7 not in {3, 4} else (),
        )
        for at in range(COUNT)
    )


@cache
def contract_facts() -> Mapping[int, PhotoFacts]:
    """Return what is known of the pictures, by id."""
    return {row.id: _facts(at) for at, row in enumerate(contract_rows())}


def _facts(at: int) -> PhotoFacts:
    place, country = PLACES[at % len(PLACES)]
    taken, is_located = TAKEN[at % len(TAKEN)], country is not None
    return PhotoFacts(
        taken,
        "exif" if taken else None,
        60 if taken and at % 2 else None,
        CAMERAS[at % len(CAMERAS)],
        38.7 + at / 1000 if is_located else None,
        -9.1 if is_located else None,
        place,
        country,
        ("sea", "Ärmel") if at % 5 == 0 else (),
        at % 6 if at % 4 == 0 else None,
    )


def contract_texts() -> dict[str, str]:
    """Return the words in the pictures that were looked at for text, by sha256."""
    return {row.sha256: write_words(WORDS if at % 3 else ()) for at, row in enumerate(contract_rows()) if at % 10 < 6}


def captioned() -> list[int]:
    """Return where the pictures stand that have a caption with words."""
    return [at for at, row in enumerate(contract_rows()) if row.caption]


def ids_at(places: list[int]) -> list[int]:
    """Return the ids of pictures by where they stand."""
    return [contract_rows()[at].id for at in places]


def write_library(path: Path) -> Library:
    """Write the catalogue, as a build does, and open it."""
    facts = {image_id: KnownFacts(known) for image_id, known in contract_facts().items()}
    catalog = Catalog(contract_rows(), next_id=1, facts=facts, town_names=TOWN_NAMES, texts=contract_texts())
    write_catalog(path, catalog)
    return Library(path, path.parent)


def open_flat(folder: Path) -> OpenedStore:
    pictures, captions = FlatStore(DIMENSION), FlatStore(DIMENSION)
    pictures.add([row.id for row in contract_rows()], vectors(PICTURES))
    captions.add(ids_at(captioned()), vectors(CAPTIONS)[captioned()])
    return OpenedStore(pictures, captions, write_library(folder / "catalog.sqlite"))


def open_clustered(folder: Path) -> OpenedStore:
    ids = [row.id for row in contract_rows()]
    file = write_vectors(folder / "vectors.f16", DIMENSION, [(ids, vectors(PICTURES))])
    captions = write_vectors(folder / "captions.f16", DIMENSION, [(ids_at(captioned()), vectors(CAPTIONS)[captioned()])])
    write_ivf(folder / "index.faiss", file, Console(file=io.StringIO()))
    index = MappedIvf.open(folder / "index.faiss", DIMENSION, COUNT)
    pictures = ClusteredStore(index, file, nprobe=index.nlist, rescored=100)
    return OpenedStore(pictures, captions, write_library(folder / "catalog.sqlite"))
