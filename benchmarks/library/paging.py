"""Time and memory of a search's pages, from the first to the last: python -m benchmarks.library.paging --pictures 100000.

An index of synthetic vectors as `export index` writes it, flat and in clusters, on one thread; the models are played, so
that the times are those of finding and judging 24 pictures a page. Every page is asked for in turn, as one who scrolls does.
"Afresh" is the last one, asked of a server that has answered no page of this search before.
"""

import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any, cast

import numpy as np
import typer
from numpy.typing import NDArray

from benchmarks.library.large_index.steps import SEED, build
from benchmarks.library.large_index.synthetic_vectors import BLOCK, make_synthetic_vectors
from benchmarks.measure.memory import PeakMemory
from runtime.artefacts.manifest import read_index_manifest
from runtime.engine import Engine
from runtime.explain.sentences import EvidenceExplainer
from runtime.library.captions import Captions
from runtime.library.catalog import Library
from runtime.search.query import RequestLimits
from runtime.search.ranking import Ranker
from runtime.stores.opening import open_stores

TOP_K = 24
PAGES = (1, 2, 3, 10, 100, 1000)
FLAT, CLUSTERED = 1_000_000_000, 1  # from how many pictures on there are clusters
# Nobody's caption has the word of the first; all have that of the second, so that 1,000 pictures with it go before others.
QUERIES = {"by vectors": "boat", "by words, too": "a caption"}


class PlayedTexts:
    """An encoder whose texts are synthetic ones, one after the other."""

    pad_token_id = 0

    def __init__(self, vectors: NDArray[np.float32]) -> None:
        """Keep the texts' vectors, (n, d)."""
        self._vectors, self.at = vectors, 0

    def tokenize(self, texts: Sequence[str]) -> NDArray[np.int64]:
        """Return the number of the text that is searched for now, for each."""
        return np.full((len(texts), 1), self.at, np.int64)

    def read_part(self, text: str) -> str:
        """Return the text, which is read whole."""
        return text

    def embed_tokens(self, token_ids: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return the vector of each."""
        return self._vectors[token_ids[:, 0]]


def main(
    pictures: Annotated[int, typer.Option(min=30_000, help="How many pictures.")] = 100_000,
    searches: Annotated[int, typer.Option(min=1, help="How many searches of each kind.")] = 3,
) -> None:
    """Print the table in Markdown."""
    texts = next(make_synthetic_vectors(SEED).texts(BLOCK, wording=1))[:searches]
    print(
        f"\n{pictures:,} pictures, {TOP_K} a page, {searches} searches: median ms of CPU, characters of a cursor, MB added\n"
    )
    print("| store | found | " + " | ".join(f"page {page:,}" for page in PAGES) + " | afresh | cursor | MB |")
    print("|" + "---|" * (len(PAGES) + 5))
    with TemporaryDirectory() as folder:
        for name, ivf_from in {"flat": FLAT, "clusters": CLUSTERED}.items():
            out = Path(folder) / name
            build(out, pictures, ivf_from)
            for found, query in QUERIES.items():
                print_row(out, name, found, query, texts)


def print_row(out: Path, name: str, found: str, query: str, texts: NDArray[np.float32]) -> None:
    """Print the figures of one store and one kind of search."""
    encoder = PlayedTexts(texts)
    engine = opened_engine(out, encoder)
    spent_ms: dict[int, list[float]] = {page: [] for page in PAGES}
    afresh_ms, cursor_bytes = list[float](), 0
    with PeakMemory() as peak:
        for encoder.at in range(len(texts)):
            for page, (page_ms, cursor) in enumerate(pages(engine, query), start=1):
                spent_ms.setdefault(page, []).append(page_ms)
                cursor_bytes = max(cursor_bytes, len(cursor or ""))
                if page == max(PAGES):
                    break
            other = opened_engine(out, encoder)
            afresh_ms.append(next(pages(other, query, cursor))[0])
    figures = [*(np.median(spent_ms[page]) for page in PAGES), np.median(afresh_ms)]
    cells = [
        name,
        found,
        *(f"{figure:.3g}" for figure in figures),
        f"{cursor_bytes:,}",
        f"{(peak.most.anonymous - peak.before.anonymous) / 1e6:.0f}",
    ]
    print("| " + " | ".join(cells) + " |", flush=True)


def opened_engine(out: Path, encoder: PlayedTexts) -> Engine:
    """Return an engine over the index."""
    manifest = read_index_manifest(out)
    store, captions = open_stores(out, manifest)
    library = Library.open(out, manifest, images=out)
    ranker = Ranker(store, captions, manifest.calibration, some_ids=library.some_ids)
    known = Captions(library, None)
    played = cast(Any, encoder)
    engine = Engine(played, ranker, library, EvidenceExplainer(), captions=known, limits=RequestLimits())
    engine.warm()
    return engine


def pages(engine: Engine, query: str, cursor: str | None = None) -> Iterator[tuple[float, str | None]]:
    """Yield the ms of CPU that each page from a cursor on takes, and the cursor behind it."""
    request = engine.limits.check_search(query, TOP_K, explain=False)
    while True:
        started = time.process_time()
        answer = engine.search(engine.limits.check_page(request, cursor))
        cursor = answer.next
        yield (time.process_time() - started) * 1e3, cursor
        if cursor is None:
            return


if __name__ == "__main__":
    typer.run(main)
