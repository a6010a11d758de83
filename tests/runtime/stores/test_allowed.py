"""A search among some of the vectors: exact in the flat store, and nearly so in the clustered one."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from runtime.stores import clustered
from runtime.stores.clustered import ClusteredStore
from runtime.stores.flat import FlatStore
from runtime.stores.protocols import VectorStore
from runtime.stores.vector_file import VectorFile
from tests.runtime.stores.large_vectors import DIMENSION, crowded, opened_store, written_store

COUNT = 3000
IDS = np.array([100 + 3 * row for row in range(COUNT)], np.int64)
SHARES = [0.5, 0.05, 0.005]


@pytest.fixture(scope="module")
def flat(tmp_path_factory: pytest.TempPathFactory) -> FlatStore:
    path = tmp_path_factory.mktemp("flat") / "index.faiss"
    store = FlatStore(DIMENSION)
    order = np.random.default_rng(5).permutation(COUNT)  # rows do not ascend with their ids
    store.add(IDS[order].tolist(), crowded(COUNT)[order])
    store.save(path)
    return FlatStore.open(path, DIMENSION)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("clusters")


@pytest.fixture(scope="module")
def in_clusters(folder: Path) -> ClusteredStore:
    return written_store(folder, COUNT)


def best_of(queries: NDArray[np.float32], allowed: NDArray[np.int64], k: int) -> NDArray[np.int64]:
    """The ids of the k nearest, (n, k), by brute force."""
    scores = queries @ crowded(COUNT)[np.searchsorted(IDS, allowed)].T
    nearest: NDArray[np.int64] = allowed[np.argsort(-scores, axis=1, kind="stable")[:, :k]]
    return nearest


def some(share: float, seed: int = 0) -> NDArray[np.int64]:
    chosen = np.random.default_rng(seed).choice(IDS, round(share * COUNT), replace=False)
    return np.sort(chosen)


@pytest.mark.parametrize("share", SHARES)
def test_the_flat_store_finds_what_brute_force_does(flat: FlatStore, share: float) -> None:
    queries, allowed = crowded(20, seed=1), some(share)
    ids, scores = flat.search(queries, 10, allowed=allowed)
    assert ids.tolist() == best_of(queries, allowed, 10).tolist()
    exact = np.einsum("qd,qkd->qk", queries, np.stack([flat.vectors_of(row.tolist()) for row in ids]))
    np.testing.assert_allclose(scores, exact, atol=1e-6)


@pytest.mark.parametrize("scored_max", [0, 2000], ids=["by clusters", "by vectors"])
@pytest.mark.parametrize("share", SHARES)
def test_the_clustered_store_finds_nearly_all_of_them(
    in_clusters: ClusteredStore, share: float, scored_max: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clustered, "SCORED_MAX", scored_max)
    queries, allowed = crowded(100, seed=1), some(share)
    ids, _ = in_clusters.search(queries, 10, allowed=allowed)
    assert np.isin(ids, allowed).all()
    best = best_of(queries, allowed, 10)
    recall = np.mean([np.isin(row, found).mean() for row, found in zip(best, ids, strict=True)])
    assert recall >= (0.95 if scored_max == 0 else 0.99)  # 16-bit vectors may swap two


def test_pictures_of_one_topic_far_from_the_query_are_found(
    in_clusters: ClusteredStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clustered, "SCORED_MAX", 0)
    vectors, query = crowded(COUNT), crowded(1, seed=1)
    far = np.sort(IDS[np.argsort(vectors @ query[0])[:300]])
    ids, _ = in_clusters.search(query, 10, allowed=far)
    assert set(ids[0].tolist()) == set(best_of(query, far, 10)[0].tolist())


@pytest.fixture(params=["flat", "in_clusters"])
def store(request: pytest.FixtureRequest) -> VectorStore:
    opened: VectorStore = request.getfixturevalue(request.param)
    return opened


def test_fewer_than_wanted_are_all_that_are_allowed(store: VectorStore) -> None:
    query = crowded(1, seed=1)
    ids, scores = store.search(query, 10, allowed=IDS[[5, 7, 2999]])
    assert sorted(ids[0].tolist()) == IDS[[5, 7, 2999]].tolist()
    assert scores.shape == (1, 3)
    assert (np.diff(scores) <= 0).all()


@pytest.mark.parametrize("allowed", [[], [1, 2, 101], [2**62]], ids=["none", "unknown ones", "a large one"])
def test_where_no_vector_is_allowed_none_is_found(store: VectorStore, allowed: list[int]) -> None:
    ids, scores = store.search(crowded(2, seed=1), 10, allowed=np.array(allowed, np.int64))
    assert ids.shape == scores.shape == (2, 0)


def test_all_allowed_is_as_none_left_out(store: VectorStore) -> None:
    queries = crowded(20, seed=1)
    assert store.search(queries, 10, allowed=IDS)[0].tolist() == store.search(queries, 10)[0].tolist()


def test_clusters_that_are_scanned_in_steps_hold_what_they_hold_at_once(
    in_clusters: ClusteredStore, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clustered, "SCORED_MAX", 0)
    queries, allowed = crowded(20, seed=1), some(0.3)
    at_once = in_clusters.search(queries, 10, allowed=allowed)
    all_at_once = in_clusters.search(queries, 10, nprobe=in_clusters.nlist)
    vectors = VectorFile.open(folder / "vectors.f16", DIMENSION)
    a_few_at_once = opened_store(folder / "index.faiss", vectors, kept_bytes=2800)
    in_steps = a_few_at_once.search(queries, 10, allowed=allowed)
    assert in_steps[0].tolist() == at_once[0].tolist()
    assert a_few_at_once.search(queries, 10, nprobe=in_clusters.nlist)[0].tolist() == all_at_once[0].tolist()


def test_all_cosines_come_by_id_as_brute_force_gives_them(store: VectorStore) -> None:
    query = crowded(1, seed=1)[0]
    ids, cosines = store.cosines(query)
    assert ids.tolist() == IDS.tolist()
    np.testing.assert_allclose(cosines, crowded(COUNT) @ query, atol=1e-3)  # of 16-bit vectors
    np.testing.assert_array_equal(np.sort(store.search(query[None], 10)[0][0]), np.sort(ids[np.argsort(-cosines)[:10]]))


def test_an_empty_store_has_no_cosines() -> None:
    ids, cosines = FlatStore(DIMENSION).cosines(crowded(1)[0])
    assert ids.size == cosines.size == 0
