"""What is noted of a library while it streams into an engine: what its manifest says beside the rows.

Counts of names; ids from all over the library; a sample of whole pictures, which calibration, words and examples are made
of by the same steps as in a build on one machine; and the exact neighbours of some queries, to measure recall by.
"""

import heapq
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray
from rich.console import Console

from export.cluster.load.stored_rows import StoredBatch
from export.cluster.load.tables import NameCounts, write_tables
from export.cluster.shards import ShardsManifest
from export.index.captions.example_queries import make_examples
from export.index.captions.words import EmbedTexts, UsedWords, read_used_words
from export.index.catalog import Catalog, IndexedImage, write_catalog
from export.index.photos.folder_facts import KnownFacts
from export.index.photos.places import Named
from export.index.probabilities.fit_calibration import calibrate
from runtime.artefacts.match_calibration import MatchCalibration
from runtime.library.remote.rows import StoredPicture
from runtime.stores.flat import FlatStore
from runtime.stores.remote_manifest import SAMPLED_MAX, RemoteManifest, packed_tables

PICTURES_SAMPLED = 20_000  # whole, with their vectors: 40 MB at 512 dimensions
QUERIES, FOUND = 200, 10  # for recall@10
SPREAD = 0x9E3779B97F4A7C15  # Knuth's multiplier: ids in a row come out far apart
Vectors = NDArray[np.float32]
OtherNames = Callable[[Collection[Named]], Mapping[Named, tuple[str, ...]]]
"""As `PlacesFile.others_of`."""


@dataclass(frozen=True)
class MadeOfSample:
    """What the manifest says that a sample tells: calibration, and the small tables, packed."""

    calibration: MatchCalibration | None
    tables: str


@dataclass(order=True)
class _Sampled:
    key: int  # negative, so that the heap's first has the largest
    picture: StoredPicture = field(compare=False)
    vector: NDArray[np.float16] = field(compare=False)
    caption_vector: NDArray[np.float16] | None = field(compare=False)


class LibraryNotes:
    """Takes every batch of a library once, in any order, and notes what is said above."""

    def __init__(self, dimension: int) -> None:
        """Begin with nothing; `dimension` is that of the vectors."""
        self.counts, self.pictures, self.captioned, self._dimension = NameCounts(), 0, 0, dimension
        self._ids: list[int] = []  # negative keys, as of `_Sampled`; an id is told from its key
        self._sampled: list[_Sampled] = []
        self.exact = ExactNeighbours(dimension)

    def add(self, batch: StoredBatch) -> None:
        """Note a batch."""
        self.exact.add(batch)
        self.pictures += len(batch.pictures)
        self.captioned += sum(one is not None for one in batch.caption_vectors)
        for picture, vector, of_caption in zip(batch.pictures, batch.vectors, batch.caption_vectors, strict=True):
            facts = picture.facts
            self.counts.add(picture.row.image_path, facts.taken, facts.place, facts.country, facts.camera)
            key = -(picture.row.id * SPREAD % 2**64)
            if len(self._sampled) < PICTURES_SAMPLED:
                heapq.heappush(self._sampled, _Sampled(key, picture, vector.copy(), of_caption))
            elif key > self._sampled[0].key:
                heapq.heapreplace(self._sampled, _Sampled(key, picture, vector.copy(), of_caption))

    @property
    def sample_ids(self) -> tuple[int, ...]:
        """Ids from all over the library, ascending."""
        nearest = sorted(self._sampled, reverse=True)[:SAMPLED_MAX]
        return tuple(sorted(one.picture.row.id for one in nearest))

    def make(self, embed_texts: EmbedTexts, console: Console, others_of: OtherNames = lambda _: {}) -> MadeOfSample:
        """Return what the sample tells, by the steps of a build; `others_of` says what else towns are called.

        Raises:
            SessionFailed: the text tower refuses a text.
        """
        sample = sorted(self._sampled, key=lambda one: one.picture.row.id)
        rows = [_indexed(one.picture) for one in sample]
        captioned = [one for one in sample if one.caption_vector is not None]
        pictures, captions = FlatStore(self._dimension), FlatStore(self._dimension)
        if sample:
            pictures.add([one.picture.row.id for one in sample], _stack([one.vector for one in sample]))
        if captioned:
            vectors = [one.caption_vector for one in captioned if one.caption_vector is not None]
            captions.add([one.picture.row.id for one in captioned], _stack(vectors))
        used, calibration, examples = UsedWords(), None, list[str]()
        with TemporaryDirectory() as folder:
            if captions.count:
                said = [caption for row in rows for caption in (row.caption, *row.other_captions) if caption]
                used = read_used_words(said, embed_texts)
                calibration = calibrate(rows, pictures, captions, embed_texts, console)
                if calibration:
                    calibration = calibration.model_copy(update={"same_meaning_cosine": used.same_meaning_cosine})
                facts = {one.picture.row.id: KnownFacts(one.picture.facts) for one in sample}
                write_catalog(Path(folder) / "sample.sqlite", Catalog(rows, facts=facts), used)
                searched = pictures, captions
                examples = make_examples(Path(folder) / "sample.sqlite", rows, searched, calibration, embed_texts)
            named = others_of(self.counts.towns)
            write_tables(Path(folder) / "tables.sqlite", self.counts, used_words=used, examples=examples, town_names=named)
            return MadeOfSample(calibration, packed_tables((Path(folder) / "tables.sqlite").read_bytes()))


def manifest_of(shards: ShardsManifest, generation: str, notes: LibraryNotes, made: MadeOfSample) -> RemoteManifest:
    """Return the manifest of a generation that holds the pictures of these shards."""
    return RemoteManifest(
        generation=generation,
        count=shards.count,
        captioned=notes.captioned,
        dimension=shards.dimension,
        pictures_dir=shards.pictures_dir,
        models=dict(shards.models),
        calibration=made.calibration,
        decode=shards.decode,
        sample=notes.sample_ids,
        tables=made.tables,
    )


class ExactNeighbours:
    """The exact nearest pictures of some queries, found while the library streams by: of captions, as people's words are."""

    def __init__(self, dimension: int) -> None:
        """Begin with no query; the first batch's captions become queries, or its pictures where it has none."""
        self.queries: Vectors = np.empty((0, dimension), np.float32)
        self._best: Vectors = np.empty((0, FOUND), np.float32)

    def add(self, batch: StoredBatch) -> None:
        """Compare the queries with a batch."""
        if not len(self.queries):
            given = [one for one in batch.caption_vectors if one is not None] or list(batch.vectors)
            self.queries = _stack(given[:: max(1, len(given) // QUERIES)][:QUERIES])
            self._best = np.full((len(self.queries), FOUND), -2.0, np.float32)
        scores = np.hstack([self._best, self.queries @ batch.vectors.astype(np.float32).T])
        self._best = np.partition(scores, -FOUND, axis=1)[:, -FOUND:]

    def recall(self, scores: Vectors) -> float:
        """Return the share of the `FOUND` nearest that a search found, given its scores, (q, FOUND).

        A picture counts as one of the nearest if its cosine is at least the last of theirs: of equal ones, any will do.
        """
        least = self._best.min(axis=1, keepdims=True)
        found = int(np.count_nonzero(scores >= least - 1e-5))
        return found / max(1, int(np.count_nonzero(self._best > -2.0)))


def _indexed(picture: StoredPicture) -> IndexedImage:
    row = picture.row
    return IndexedImage(
        row.id,
        row.image_path,
        row.sha256,
        row.bytes,
        row.width,
        row.height,
        row.caption,
        row.mtime_ns or 0,
        caption_source=row.caption_source,
        other_captions=row.other_captions,
    )


def _stack(vectors: Sequence[NDArray[np.float16]]) -> Vectors:
    stacked: Vectors = np.stack(vectors).astype(np.float32)
    return stacked
