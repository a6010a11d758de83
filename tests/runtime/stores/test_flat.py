"""The FAISS store: exact neighbours, ids that stay, and files that are whole or refused by name."""

import resource
from pathlib import Path

import faiss
import numpy as np
import pytest
from numpy.typing import NDArray

from runtime.errors import ArtefactCorrupt, ArtefactMissing
from runtime.stores.flat import FlatStore, read_flat_vectors
from runtime.stores.protocols import VectorStore

DIMENSION = 8


def unit_vectors(count: int, seed: int = 0) -> NDArray[np.float32]:
    vectors = np.random.default_rng(seed).normal(size=(count, DIMENSION))
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def filled_store(count: int = 20) -> FlatStore:
    store = FlatStore(DIMENSION)
    store.add([100 + 3 * row for row in range(count)], unit_vectors(count))
    return store


def test_neighbours_are_those_of_a_plain_matrix_product() -> None:
    store: VectorStore = filled_store(500)
    queries = unit_vectors(7, seed=1)
    ids, scores = store.search(queries, 10)
    cosines = queries @ unit_vectors(500).T
    assert ids.tolist() == (100 + 3 * np.argsort(-cosines, axis=1)[:, :10]).tolist()
    np.testing.assert_allclose(scores, -np.sort(-cosines, axis=1)[:, :10], atol=1e-6)
    assert (ids.dtype, scores.dtype) == (np.int64, np.float32)


@pytest.mark.parametrize(("held", "asked", "given"), [(3, 10, 3), (3, 3, 3), (0, 5, 0), (3, 10**9, 3)])
def test_more_neighbours_than_there_are_give_all_there_are(held: int, asked: int, given: int) -> None:
    ids, scores = filled_store(held).search(unit_vectors(2), asked)
    assert ids.shape == scores.shape == (2, given)
    assert (ids >= 0).all()


def test_a_saved_store_opens_with_the_same_ids_and_vectors(tmp_path: Path) -> None:
    store = filled_store()
    store.add([2**40], unit_vectors(1, seed=5))
    store.save(tmp_path / "a name, with ü.faiss")
    opened = FlatStore.open(tmp_path / "a name, with ü.faiss", DIMENSION)
    assert opened.count == 21
    assert opened.vectors_of([2**40, 103]).tobytes() == store.vectors_of([2**40, 103]).tobytes()


def test_an_opened_store_can_be_changed_and_its_file_is_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "store.faiss"
    filled_store().save(path)
    before, opened = path.read_bytes(), FlatStore.open(path, DIMENSION)
    opened.add([7], unit_vectors(1, seed=5))
    assert opened.remove([103]) == 1
    assert opened.count == 20
    assert opened.search(unit_vectors(1, seed=5), 1)[0].tolist() == [[7]]
    assert path.read_bytes() == before


def test_opening_reads_no_vector_that_is_not_asked_for(tmp_path: Path) -> None:
    def resident_bytes() -> int:
        return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()

    wide, path = 512, tmp_path / "store.faiss"
    store = FlatStore(wide)
    store.add(range(30_000), np.ones((30_000, wide), dtype=np.float32) / np.sqrt(wide, dtype=np.float32))
    store.save(path)
    before = resident_bytes()
    opened = FlatStore.open(path, wide)
    assert opened.vectors_of([29_999]).shape == (1, wide)
    assert resident_bytes() - before < 20_000_000 < path.stat().st_size


def test_removed_vectors_are_not_found_and_unknown_ids_are_passed_over() -> None:
    store = filled_store(5)
    assert store.remove([103, 999]) == 1
    assert 103 not in store.search(unit_vectors(5), 5)[0]
    with pytest.raises(KeyError):
        store.vectors_of([103])


@pytest.mark.parametrize(("ids", "rows"), [([1, 1], 2), ([100, 1], 2), ([1, 2], 3)])
def test_an_id_that_is_taken_or_a_shape_that_does_not_fit_is_refused(ids: list[int], rows: int) -> None:
    store = filled_store(3)
    with pytest.raises(ValueError, match="id"):
        store.add(ids, unit_vectors(rows))
    assert store.count == 3


def test_a_file_cut_short_anywhere_is_refused_by_name(tmp_path: Path) -> None:
    filled_store().save(tmp_path / "whole.faiss")
    whole = (tmp_path / "whole.faiss").read_bytes()
    cut = tmp_path / "cut.faiss"
    for length in (0, 1, 4, 30, len(whole) // 2, len(whole) - 1):
        cut.write_bytes(whole[:length])
        with pytest.raises(ArtefactCorrupt, match=r"cut\.faiss"):
            FlatStore.open(cut, DIMENSION)


def test_foreign_files_other_indexes_and_other_dimensions_are_refused(tmp_path: Path) -> None:
    (tmp_path / "foreign.faiss").write_bytes(b"GIF89a and so on" * 50)
    faiss.write_index(faiss.IndexFlatL2(DIMENSION), str(tmp_path / "flat.faiss"))
    faiss.write_index(faiss.IndexIDMap2(faiss.IndexFlatL2(DIMENSION)), str(tmp_path / "l2.faiss"))
    FlatStore(DIMENSION + 1).save(tmp_path / "wider.faiss")
    for name in ("foreign", "flat", "l2", "wider"):
        with pytest.raises(ArtefactCorrupt, match=name):
            FlatStore.open(tmp_path / f"{name}.faiss", DIMENSION)
    with pytest.raises(ArtefactMissing):
        FlatStore.open(tmp_path / "nowhere.faiss", DIMENSION)


def test_a_store_that_cannot_be_written_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "store.faiss"
    filled_store(5).save(path)
    before = path.read_bytes()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))
    try:
        with pytest.raises(OSError, match="large"):
            filled_store(500).save(path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("kind", [faiss.IndexFlatL2, faiss.IndexFlatIP])
def test_plain_flat_files_give_back_their_vectors_in_row_order(tmp_path: Path, kind: type[faiss.IndexFlat]) -> None:
    index = kind(DIMENSION)
    index.add(unit_vectors(9))
    faiss.write_index(index, str(tmp_path / "flat.faiss"))
    assert read_flat_vectors(tmp_path / "flat.faiss").tobytes() == unit_vectors(9).tobytes()


def test_files_that_keep_no_plain_vectors_are_no_flat_files(tmp_path: Path) -> None:
    filled_store().save(tmp_path / "ours.faiss")
    with pytest.raises(ArtefactCorrupt, match="IndexIDMap2"):
        read_flat_vectors(tmp_path / "ours.faiss")
