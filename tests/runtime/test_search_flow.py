"""One text query on its way from the route to JSON: what is done once, and how many files it meets."""

import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from fastapi.testclient import TestClient
from numpy.typing import NDArray

from runtime.artefacts.match_calibration import MatchCalibration, MatchWeights
from runtime.engine import Engine
from runtime.explain.sentences import EvidenceExplainer
from runtime.library.captions import Captions
from runtime.library.catalog import Library
from runtime.search import query, words
from runtime.search.query import RequestLimits
from runtime.search.ranking import Ranker
from runtime.settings import Settings
from runtime.stores.flat import FlatStore
from runtime.web.api import create_app
from tests.conftest import ROOT
from tests.runtime.conftest import ColourCaptioner, ColourEncoder

if TYPE_CHECKING:
    from tests.sample_library import SampleLibrary

# Exact, so that one more is seen. What a search does has a file each: in the order of `docs/architecture.md`
#   its request: web/routes/searching.py, web/log/requests.py, search/query.py, search/suggested_filters.py,
#     library/photos/where.py
#   its words: search/words.py, search/language.py, search/noun_phrases.py, library/caption_words.py
#   its vector: engine.py, models/batching.py, clip.py, mapped_words.py, mapped_tables.py, token_rows.py, packed_texts.py and
#     onnx_session.py, search/embedded_query.py
#   pictures: search/candidates.py, search/cursor.py, stores/small.py, search/text_search.py, library/text_index.py,
#     library/case_folding.py, library/copies.py
#   their rows: library/catalog.py, catalog_file.py, image_rows.py, photos/photo_facts.py, captions.py, and of previews
#     kept_previews.py and preview_files.py
#   the evidence: search/ranking.py, search/caption_stance.py, search/evidence.py, search/verdicts.py,
#     artefacts/match_calibration.py, search/hits.py
#   the answer: explain/sentences.py, explain/quoting.py, web/schemas.py
# Fewer would be two subjects in one file, or a file of more than 250 lines.
FILES_MAX = 41
DECLARED = {"web/schemas.py"}  # pydantic reads it at import, so that none of its functions run for a search; it is met, too


class CountingStore(FlatStore):
    """Remembers which vectors were read."""

    def __init__(self, dimension: int, threads: int = 1) -> None:
        super().__init__(dimension, threads)
        self.reads: list[list[int]] = []

    def vectors_of(self, ids: Sequence[int]) -> NDArray[np.float32]:
        self.reads.append(list(ids))
        return super().vectors_of(ids)


@pytest.fixture
def store() -> CountingStore:
    store = CountingStore(4)
    store.add([1, 2, 3, 4], np.eye(4, dtype=np.float32))
    return store


@pytest.fixture
def captions() -> CountingStore:
    captions = CountingStore(4)
    captions.add([1, 2], np.eye(4, dtype=np.float32)[:2])
    return captions


@pytest.fixture
def engine(encoder: ColourEncoder, library: Library, store: CountingStore, captions: CountingStore) -> Engine:
    weights = MatchWeights(bias=-1, score=2, mean_score=0, log_words=0)
    calibration = MatchCalibration(centroid=(0, 0, 0, 0), with_caption=weights, without_caption=weights, fit={})
    ranker = Ranker(store, captions, calibration, some_ids=library.some_ids)
    known = Captions(library, ColourCaptioner)
    return Engine(encoder, ranker, library, EvidenceExplainer(), captions=known, limits=RequestLimits())


def counted(monkeypatch: pytest.MonkeyPatch, module: Any, name: str) -> list[str]:
    """The texts that a function of one argument is called with from now on."""
    function: Callable[[str], Any] = getattr(module, name)
    calls: list[str] = []

    def count(text: str) -> Any:
        calls.append(text)
        return function(text)

    monkeypatch.setattr(module, name, count)
    return calls


def test_a_query_is_parsed_once_and_each_text_is_searched_for_words_once(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    parsed = counted(monkeypatch, query, "parse_query")
    looked_at = counted(monkeypatch, words, "content_words")
    answer = client.post("/search", json={"query": "a red boat -green", "top_k": 4}).json()
    assert len(answer["results"]) == 4
    assert parsed == ["a red boat -green"]
    assert sorted(looked_at) == sorted(["a red boat", "green", *(result["caption"] for result in answer["results"])])


def test_the_vectors_of_the_hits_and_of_their_captions_are_read_once(
    client: TestClient, store: CountingStore, captions: CountingStore
) -> None:
    found = [result["id"] for result in client.post("/search", json={"query": "red", "top_k": 4}).json()["results"]]
    [read] = store.reads
    assert sorted(read) == sorted(found)
    assert [sorted(ids) for ids in captions.reads] == [[1, 2]]


def test_explaining_hits_later_reads_their_vectors_once_and_those_of_the_nearest(
    client: TestClient, store: CountingStore
) -> None:
    assert client.post("/explain", json={"query": "red", "ids": [2, 1]}).status_code == 200
    of_hits, of_nearest = store.reads
    assert of_hits == [2, 1]
    assert sorted(of_nearest) == [1, 2, 3, 4]


class Tracer:
    """Which files of the runtime run functions while the route's own function does, in whichever thread that is."""

    def __init__(self) -> None:
        self.files: list[str] = []  # in the order in which they are met, a file again whenever another came between

    def start(self, *_: Any) -> None:
        sys.setprofile(self._see)

    def _see(self, frame: FrameType, event: str, _argument: Any) -> None:
        file = Path(frame.f_code.co_filename)
        if event == "call" and file.is_relative_to(ROOT / "runtime"):
            name = file.relative_to(ROOT / "runtime").as_posix()
            if not self.files or self.files[-1] != name:
                self.files.append(name)


@pytest.fixture(scope="module")
def trace(sample_library: "SampleLibrary") -> list[str]:
    """The files that a text query meets from the route to JSON, on a warm server over real artefacts."""
    from runtime.bootstrap import open_engine

    settings = Settings.read(models_dir=ROOT / "sample" / "models", index_dir=sample_library.index, groq_api_key="")
    app = create_app(open_engine(settings), settings)
    client, tracer = TestClient(app), Tracer()
    assert client.post("/search", json={"query": "a white house"}).status_code == 200
    [route] = [route for route in app.routes if getattr(route, "path", "") == "/search"]
    dependant = route.dependant  # type: ignore[attr-defined]  # FastAPI's own routes have one
    endpoint = dependant.call

    def traced(*arguments: Any, **named: Any) -> Any:
        tracer.start()
        try:
            return endpoint(*arguments, **named)
        finally:
            sys.setprofile(None)

    dependant.call = traced
    answer = client.post("/search", json={"query": "a red boat at sunset -snow"})
    assert answer.status_code == 200
    assert answer.json()["results"][0]["explanation_source"] == "evidence"
    assert threading.getprofile() is None
    return tracer.files


def test_a_text_query_meets_no_more_files_than_it_needs(trace: list[str]) -> None:
    met = set(trace) | DECLARED
    assert {
        "web/routes/searching.py",
        "engine.py",
        "models/onnx_session.py",
        "stores/small.py",
        "explain/sentences.py",
    } <= met
    assert len(met) == FILES_MAX, sorted(met)


def test_a_text_query_is_neither_checked_nor_embedded_nor_ranked_again_after_the_next_step_began(trace: list[str]) -> None:
    steps = ["search/query.py", "models/clip.py", "stores/small.py", "library/catalog.py", "explain/sentences.py"]
    first = [trace.index(step) for step in steps]
    assert first == sorted(first)
    told = trace[trace.index("explain/sentences.py") :]
    assert not {"search/query.py", "search/ranking.py", "models/clip.py", "stores/small.py"} & set(told)
