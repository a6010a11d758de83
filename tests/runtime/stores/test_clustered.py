"""The clustered store: exact cosines of what it finds, nothing missed when all is searched, and damage refused by name."""

import re
import resource
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import faiss
import numpy as np
import pytest

from runtime.errors import ArtefactCorrupt, ArtefactMissing
from runtime.stores.clustered import ClusteredStore
from runtime.stores.mapped_memory import KEPT_BYTES, WINDOW_BYTES
from runtime.stores.protocols import VectorStore
from runtime.stores.vector_file import VectorFile
from tests.runtime.stores.large_vectors import DIMENSION, crowded, opened_store, written_store, written_vectors

COUNT = 3000


def opened(folder: Path, kept_bytes: int = KEPT_BYTES) -> ClusteredStore:
    vectors = VectorFile.open(folder / "vectors.f16", DIMENSION)
    return opened_store(folder / "index.faiss", vectors, kept_bytes=kept_bytes)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("large")
    written_store(path, COUNT)
    return path


@pytest.fixture
def store(folder: Path) -> ClusteredStore:
    return opened(folder)


def test_with_all_clusters_the_neighbours_are_those_of_a_matrix_product(store: ClusteredStore) -> None:
    queries = crowded(20, seed=1)
    ids, scores = store.search(queries, 10, nprobe=store.nlist)
    vectors = store.vectors_of([100 + 3 * row for row in range(COUNT)])
    cosines = queries @ vectors.T
    assert ids.tolist() == (100 + 3 * np.argsort(-cosines, axis=1)[:, :10]).tolist()
    np.testing.assert_allclose(scores, -np.sort(-cosines, axis=1)[:, :10], atol=1e-6)
    assert (ids.dtype, scores.dtype) == (np.dtype(np.int64), np.dtype(np.float32))


def test_more_clusters_find_more_and_scores_are_exact_in_any_case(store: ClusteredStore) -> None:
    queries = crowded(200, seed=1)
    true, _ = store.search(queries, 10, nprobe=store.nlist)
    shares = []
    for nprobe in (1, 4, 16):
        ids, scores = store.search(queries, 10, nprobe=nprobe)
        shares.append(np.mean([np.isin(row, found).mean() for row, found in zip(true, ids, strict=True)]))
        exact = np.einsum("qd,qkd->qk", queries, np.stack([store.vectors_of(row.tolist()) for row in ids]))
        np.testing.assert_allclose(scores, exact, atol=1e-6)
        assert (np.diff(scores, axis=1) <= 0).all()
    assert shares[0] < shares[1] < shares[2]


@pytest.mark.parametrize(("asked", "given"), [(0, 0), (1, 1), (700, 700), (10**9, COUNT)])
def test_as_many_are_found_as_were_asked_for_however_few_the_clusters_hold(
    store: VectorStore, asked: int, given: int
) -> None:
    ids, scores = store.search(crowded(2), asked)
    assert ids.shape == scores.shape == (2, given)
    assert all(len(set(row)) == given for row in ids.tolist())


def test_threads_may_search_at_once(store: ClusteredStore) -> None:
    queries = crowded(64, seed=2)
    alone = [store.search(query[None], 5)[0].tolist() for query in queries]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(lambda query: store.search(query[None], 5)[0].tolist(), queries)) == alone


def test_what_was_given_back_is_read_again(store: ClusteredStore, folder: Path) -> None:
    queries = crowded(16, seed=3)
    before = store.search(queries, 5)[0].tolist()
    store = opened(folder, kept_bytes=0)
    assert [store.search(queries, 5)[0].tolist() for _ in range(3)] == [before] * 3


HELD = """
import sys
from pathlib import Path
import numpy as np
from runtime.stores import clustered, faiss_ivf
from runtime.stores.vector_file import VectorFile
folder, dimension, kept_bytes = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
vectors = VectorFile.open(folder / "vectors.f16", dimension)
clusters = faiss_ivf.MappedIvf.open(folder / "index.faiss", dimension, vectors.count, kept_bytes=kept_bytes)
store = clustered.ClusteredStore(clusters, vectors, nprobe=8, rescored=40)
for query in np.random.default_rng(0).normal(size=(200, dimension)).astype("f4"):
    store.search(query[None], 5)
print(Path("/proc/self/smaps").read_text())
"""


def held_bytes(folder: Path, kept_bytes: int) -> int:
    """Return how much of the index a process of its own holds after many searches."""
    command = [sys.executable, "-c", HELD, str(folder), str(DIMENSION), str(kept_bytes)]
    maps = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    [resident] = re.findall(r"index\.faiss\n(?:(?!Rss).*\n)*Rss: +(\d+) kB", maps)
    return int(resident) * 1024


def test_searches_hold_no_more_of_the_file_than_they_may(tmp_path: Path) -> None:
    written_store(tmp_path, 60_000)
    whole = (tmp_path / "index.faiss").stat().st_size
    assert held_bytes(tmp_path, whole) > whole / 2, "an index that may stay as a whole stays"
    for kept in (0, whole // 3):
        assert held_bytes(tmp_path, kept) <= kept + 2 * WINDOW_BYTES < whole / 2


def test_an_index_cut_short_anywhere_is_refused_by_name(folder: Path, tmp_path: Path) -> None:
    whole = (folder / "index.faiss").read_bytes()
    vectors = VectorFile.open(folder / "vectors.f16", DIMENSION)
    for length in (0, 1, 4, 40, 5000, len(whole) // 2, len(whole) - 1):
        (tmp_path / "cut.faiss").write_bytes(whole[:length])
        with pytest.raises(ArtefactCorrupt, match=r"cut\.faiss"):
            opened_store(tmp_path / "cut.faiss", vectors)


def test_other_indexes_and_those_of_other_vectors_are_refused(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "foreign.faiss").write_bytes(b"GIF89a and so on" * 50)
    faiss.write_index(faiss.IndexFlatIP(DIMENSION), str(tmp_path / "flat.faiss"))
    vectors = VectorFile.open(folder / "vectors.f16", DIMENSION)
    for name in ("foreign", "flat"):
        with pytest.raises(ArtefactCorrupt, match=name):
            opened_store(tmp_path / f"{name}.faiss", vectors)
    with pytest.raises(ArtefactMissing):
        opened_store(tmp_path / "nowhere.faiss", vectors)
    with pytest.raises(ArtefactCorrupt, match="3,000 vectors of 16 dimensions, its file of vectors 50"):
        opened_store(folder / "index.faiss", written_vectors(tmp_path / "fewer", 50))


def test_bytes_changed_anywhere_are_refused_or_searched_but_never_end_the_process(folder: Path, tmp_path: Path) -> None:
    whole = bytearray((folder / "index.faiss").read_bytes())
    vectors = VectorFile.open(folder / "vectors.f16", DIMENSION)
    rng = np.random.default_rng(0)
    head = whole.index(b"ilar") + 40
    for at in [*rng.integers(0, head, 60), *rng.integers(head, len(whole), 30)]:
        damaged = bytearray(whole)
        damaged[at : at + 8] = rng.bytes(8)
        (tmp_path / "damaged.faiss").write_bytes(damaged)
        try:
            opened_store(tmp_path / "damaged.faiss", vectors).search(crowded(3), 5)
        except ArtefactCorrupt:
            continue


def test_an_index_is_mapped_and_its_vectors_are_not(folder: Path) -> None:
    def resident_bytes() -> int:
        return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()

    before = resident_bytes()
    store = opened(folder)
    assert store.count == COUNT
    assert resident_bytes() - before < 1_000_000
