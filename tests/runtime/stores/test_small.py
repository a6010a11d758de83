"""A small flat file that is read without faiss: the same answers as faiss gives, or it is left to it."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from runtime.stores import small
from runtime.stores.flat import FlatStore
from runtime.stores.protocols import VectorStore
from runtime.stores.small import SmallStore
from tests.runtime.stores.large_vectors import DIMENSION, crowded

COUNT = 700
IDS = np.random.default_rng(5).permutation(np.arange(100, 100 + 3 * COUNT, 3))  # rows do not ascend with their ids
QUERIES = crowded(20, seed=1)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("small") / "index.faiss"
    store = FlatStore(DIMENSION)
    store.add(IDS.tolist(), crowded(COUNT))
    store.save(file)
    return file


@pytest.fixture(scope="module")
def by_faiss(path: Path) -> FlatStore:
    return FlatStore.open(path, DIMENSION)


@pytest.fixture(scope="module")
def by_numpy(path: Path) -> SmallStore:
    store = SmallStore.read(path, DIMENSION)
    assert store
    return store


@pytest.mark.parametrize("k", [1, 10, COUNT, 10**9])
@pytest.mark.parametrize("allowed", [None, np.sort(IDS[::9]), np.array([1, 2], np.int64)], ids=["all", "some", "none"])
def test_it_finds_what_faiss_finds(by_numpy: SmallStore, by_faiss: FlatStore, k: int, allowed: "np.ndarray | None") -> None:
    ids, scores = by_numpy.search(QUERIES, k, allowed=allowed)
    expected_ids, expected_scores = by_faiss.search(QUERIES, k, allowed=allowed)
    assert (ids.shape, ids.dtype, scores.dtype) == (expected_ids.shape, expected_ids.dtype, expected_scores.dtype)
    np.testing.assert_allclose(scores, expected_scores, atol=1e-6)
    differ = ids != expected_ids  # only where two are as near as single precision tells
    np.testing.assert_allclose(scores[differ], expected_scores[differ], atol=1e-6)
    assert differ.sum() <= differ.size / 100


def test_cosines_and_vectors_are_the_same_bytes(by_numpy: SmallStore, by_faiss: FlatStore) -> None:
    ids, cosines = by_numpy.cosines(QUERIES[0])
    expected_ids, expected = by_faiss.cosines(QUERIES[0])
    assert ids.tolist() == expected_ids.tolist()
    np.testing.assert_allclose(cosines, expected, rtol=0, atol=1e-15)
    assert by_numpy.vectors_of(IDS[:9].tolist()).tobytes() == by_faiss.vectors_of(IDS[:9].tolist()).tobytes()
    assert (by_numpy.count, by_numpy.dimension) == (by_faiss.count, by_faiss.dimension)


def test_of_equally_near_ones_the_smallest_ids_come_first() -> None:
    same = np.full((5, 4), 0.5, np.float32)
    ids, _ = SmallStore(np.array([5, 3, 9, 1, 7]), same).search(same[:2], 3)
    assert ids.tolist() == [[1, 3, 5]] * 2


def test_an_unknown_id_is_no_vector(by_numpy: SmallStore) -> None:
    for unknown in (101, 10**9):
        with pytest.raises(KeyError):
            by_numpy.vectors_of([int(IDS[0]), unknown])


def test_an_empty_store_finds_nothing(tmp_path: Path) -> None:
    FlatStore(DIMENSION).save(tmp_path / "empty.faiss")
    store: VectorStore | None = SmallStore.read(tmp_path / "empty.faiss", DIMENSION)
    assert store
    assert [part.shape for part in store.search(QUERIES, 3)] == [(20, 0), (20, 0)]
    assert store.cosines(QUERIES[0])[0].size == 0


def test_what_is_not_to_the_last_byte_ours_is_left_to_faiss(path: Path, tmp_path: Path) -> None:
    whole = path.read_bytes()
    changed = tmp_path / "changed.faiss"
    for content in (b"", whole[:40], whole[:-1], whole + b"x", b"IxFI" + whole[4:], whole[:33] + b"\1" + whole[34:]):
        changed.write_bytes(content)
        assert SmallStore.read(changed, DIMENSION) is None
    for count in (2**62, -1, 2**31):
        changed.write_bytes(whole[:8] + count.to_bytes(8, "little", signed=True) + whole[16:])
        assert SmallStore.read(changed, DIMENSION) is None
    assert SmallStore.read(path, DIMENSION + 1) is None
    assert SmallStore.read(tmp_path / "nowhere.faiss", DIMENSION) is None


def test_a_large_file_is_left_to_faiss(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(small, "SMALL_BYTES", COUNT * DIMENSION * 4 - 1)
    assert SmallStore.read(path, DIMENSION) is None


def test_reading_a_small_file_imports_no_faiss(path: Path) -> None:
    code = f"""
import sys
from pathlib import Path
from runtime.stores.small import SmallStore
import runtime.stores.opening
print(SmallStore.read(Path({str(path)!r}), {DIMENSION}).count, "faiss" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.split() == [str(COUNT), "False"]
