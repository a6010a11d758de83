"""A library to page through: photos with dates and folders, copies, captions for some, names that words find."""

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from export.index.vectors.clusters import write_ivf
from runtime.artefacts.match_calibration import MatchCalibration, MatchWeights
from runtime.engine import Engine
from runtime.explain.sentences import EvidenceExplainer
from runtime.library.captions import Captions
from runtime.library.catalog import Library
from runtime.library.copies import COPIES_SCHEMA
from runtime.library.image_rows import CATALOG_SCHEMA
from runtime.library.photos.photo_facts import PHOTO_FACTS_SCHEMA
from runtime.library.text_index import FINISH_TEXT, INSERT_WORDS, TEXT_SCHEMA
from runtime.search.evidence import Answer
from runtime.search.query import HitOrder, RequestLimits
from runtime.search.ranking import Ranker
from runtime.search.text_search import words_of_caption, words_of_path
from runtime.stores.clustered import ClusteredStore
from runtime.stores.faiss_ivf import MappedIvf
from runtime.stores.flat import FlatStore
from runtime.stores.protocols import VectorStore
from runtime.stores.vector_file import write_vectors
from tests.runtime.conftest import COLOURS, ColourEncoder
from tests.runtime.stores.large_vectors import silent

PICTURES = 240
NAMED = range(101, 161)  # in the folder "holiday", anywhere by their vectors
COPIES: list[tuple[int, int]] = [(1, 2), (3, 2), (4, 2), (110, 109), (111, 109), *((one, 200) for one in range(201, 225))]
PIXELS = np.full((3, 8, 8), np.arange(8) / 8, np.float32)
Ask = Callable[[Engine, str | None, int], Answer]
INSERT = (
    "INSERT INTO images (id, image_path, sha256, bytes, mtime_ns, width, height, caption) VALUES (?, ?, '', ?, 0, 4, 3, ?)"
)


def vectors_of(ids: Iterable[int]) -> NDArray[np.float32]:
    """Return the vectors, (n, d) of norm 1, of pictures; copies have nearly the same, and some pictures the very same."""
    firsts = dict(COPIES)
    made = []
    for one in ids:
        rng = np.random.default_rng(7 if 170 <= one < 190 else firsts.get(one, one))
        own = 0.02 * np.random.default_rng(one).standard_normal(len(COLOURS)) if one in firsts else 0
        made.append(rng.standard_normal(len(COLOURS)) + own)
    vectors = np.array(made, np.float32).reshape(-1, len(COLOURS))
    unit: NDArray[np.float32] = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return unit


def paged_engine(
    folder: Path,
    *,
    clustered: bool = False,
    ids: Sequence[int] = range(1, PICTURES + 1),
    copies: Sequence[tuple[int, int]] = tuple(COPIES),
    encoder: ColourEncoder | None = None,
) -> Engine:
    """Return an engine over some of the pictures."""
    folder.mkdir(parents=True, exist_ok=True)
    captioned = [one for one in ids if one % 3 == 0]
    with closing(sqlite3.connect(folder / "catalog.sqlite")) as connection, connection:
        connection.executescript(CATALOG_SCHEMA + COPIES_SCHEMA + PHOTO_FACTS_SCHEMA + TEXT_SCHEMA)
        for one in ids:
            path = f"holiday/{one}.jpg" if one in NAMED else f"other/{one}.jpg"
            caption = f"a {COLOURS[one % 4]} boat" if one in captioned else None
            connection.execute(INSERT, (one, path, one, caption))
            words = (
                " ".join(words_of_caption(caption or "")),
                " ".join(words_of_path(path)),
                "holiday" if one in NAMED else "",
            )
            connection.execute(INSERT_WORDS, (one, *words, ""))
            if one % 4:
                taken = f"20{10 + one % 9}-0{1 + one % 7}-1{one % 10}"
                connection.execute("INSERT INTO photo_facts (id, taken) VALUES (?, ?)", (one, taken))
        connection.executescript(FINISH_TEXT)
        connection.executemany("INSERT INTO copies VALUES (?, ?)", copies)
    library = Library(folder / "catalog.sqlite", folder)
    captions = FlatStore(len(COLOURS))
    captions.add(captioned, vectors_of(captioned))
    weights = MatchWeights(bias=-1, score=3, mean_score=0, best_caption_score=0.5)
    calibration = MatchCalibration(centroid=(0, 0, 0, 0), with_caption=weights, without_caption=weights, fit={})
    return Engine(
        encoder or ColourEncoder(),
        Ranker(store_of(folder, ids, clustered=clustered), captions, calibration, some_ids=library.some_ids),
        library,
        EvidenceExplainer(),
        captions=Captions(library, None),
        limits=RequestLimits(),
    )


def store_of(folder: Path, ids: Sequence[int], *, clustered: bool) -> VectorStore:
    """Return the store of some pictures, in one of both forms."""
    if not clustered:
        store = FlatStore(len(COLOURS))
        shuffled = np.random.default_rng(3).permutation(ids).tolist()  # rows of a store need not ascend with their ids
        store.add(shuffled, vectors_of(shuffled))
        return store
    written = write_vectors(folder / "vectors.f16", len(COLOURS), [(list(ids), vectors_of(ids))])
    write_ivf(folder / "index.faiss", written, silent())
    return ClusteredStore(
        MappedIvf.open(folder / "index.faiss", len(COLOURS), written.count), written, nprobe=2, rescored=20
    )


def asking(query: str, order: HitOrder = "match", **options: Any) -> Ask:
    """Return what asks an engine for one page of a search; with `upload`, by a picture that is sent along."""
    upload = options.pop("upload", False)

    def ask(engine: Engine, cursor: str | None, top_k: int) -> Answer:
        check = engine.limits.check_image_search if upload else engine.limits.check_search
        request = engine.limits.check_page(replace(check(query, top_k, explain=False, **options), order=order), cursor)
        return engine.search_by_image(request, PIXELS) if upload else engine.search(request)

    return ask


def pages(engine: Engine, ask: Ask, *sizes: int) -> Iterator[Answer]:
    """Yield the pages of a search to its end; the sizes take turns."""
    cursor, at = None, 0
    while True:
        answer = ask(engine, cursor, sizes[at % len(sizes)])
        yield answer
        cursor, at = answer.next, at + 1
        if cursor is None:
            return
        assert at < 3 * PICTURES, "no end"


def ids_of(answers: Sequence[Answer]) -> list[int]:
    return [hit.row.id for answer in answers for hit in answer.hits]
