"""Pictures added to clusters that were made before: what is kept, what is placed, and when all is clustered anew."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from export.index.vectors import store_files
from export.index.vectors.clusters import clusters_for, write_ivf
from export.index.vectors.extended_clusters import LastClusters, extend_ivf
from export.index.vectors.store_files import Clustering, WrittenStores, write_clustered
from runtime.artefacts.cluster_search import ClusterSearchParams
from runtime.stores.faiss_ivf import MappedIvf
from runtime.stores.vector_file import VectorBatch, VectorFile, write_vectors
from tests.runtime.stores.large_vectors import DIMENSION, crowded, silent

COUNT, ADDED = 3000, 60
PROBING = ClusterSearchParams(nlist=1, nprobe=8, rescored=40, recall_at_10=0.96, queries=100, asked_with="captions")
Vectors = NDArray[np.float32]


def ids_of(count: int) -> list[int]:
    return [100 + 3 * row for row in range(count)]


def clustered(folder: Path, vectors: Vectors, ids: list[int]) -> LastClusters:
    folder.mkdir()
    file = write_vectors(folder / "vectors.f16", DIMENSION, [(ids, vectors)])
    write_ivf(folder / "index.faiss", file, silent())
    return LastClusters(MappedIvf.open(folder / "index.faiss", DIMENSION, len(ids)), file, PROBING)


@pytest.fixture
def last(tmp_path: Path) -> LastClusters:
    return clustered(tmp_path / "last", crowded(COUNT), ids_of(COUNT))


def clusters_by_id(index: MappedIvf, vectors: VectorFile) -> dict[int, tuple[int, bytes]]:
    """Return each picture's cluster and code."""
    held: dict[int, tuple[int, bytes]] = {}
    for number in range(index.nlist):
        rows, codes = index.cluster(number)
        assert (np.diff(rows) > 0).all(), "rows ascend"
        held |= {int(vectors.ids[row]): (number, code.tobytes()) for row, code in zip(rows, codes, strict=True)}
    return held


def extended(tmp_path: Path, last: LastClusters, vectors: Vectors, ids: list[int]) -> tuple[MappedIvf, VectorFile]:
    file = write_vectors(tmp_path / "vectors.f16", DIMENSION, [(ids, vectors)])
    assert extend_ivf(tmp_path / "index.faiss", file, last, silent())
    return MappedIvf.open(tmp_path / "index.faiss", DIMENSION, len(ids)), file


def test_the_same_vectors_give_the_same_file(tmp_path: Path, last: LastClusters) -> None:
    extended(tmp_path, last, crowded(COUNT), ids_of(COUNT))
    assert (tmp_path / "index.faiss").read_bytes() == (tmp_path / "last" / "index.faiss").read_bytes()


def test_added_removed_and_changed_pictures_leave_the_others_in_their_clusters(tmp_path: Path, last: LastClusters) -> None:
    ids, vectors = ids_of(COUNT + ADDED), np.concatenate([crowded(COUNT), crowded(ADDED, seed=5)])
    vectors[7] = vectors[2000]  # a picture whose content is another one's now
    gone = [3, 500, COUNT - 1]
    ids, vectors = [one for row, one in enumerate(ids) if row not in gone], np.delete(vectors, gone, axis=0)
    before = clusters_by_id(last.index, last.vectors)
    index, file = extended(tmp_path, last, vectors, ids)
    now = clusters_by_id(index, file)
    assert now.keys() == set(ids)
    kept = now.keys() & before.keys() - {ids_of(8)[7]}
    assert len(kept) == COUNT - len(gone) - 1
    assert {one: now[one] for one in kept} == {one: before[one] for one in kept}
    assert now[ids_of(8)[7]] == now[ids_of(2001)[2000]], "the changed one lies where its vector does"


def test_added_pictures_are_found(tmp_path: Path, last: LastClusters) -> None:
    added = crowded(ADDED, seed=5)
    index, _ = extended(tmp_path, last, np.concatenate([crowded(COUNT), added]), ids_of(COUNT + ADDED))
    rows = index.nearest_rows(added, 3, 4)
    assert np.mean([COUNT + number in row for number, row in enumerate(rows)]) > 0.95


def test_a_place_in_the_middle_of_the_ids_moves_all_rows_behind_it(tmp_path: Path, last: LastClusters) -> None:
    ids, vectors = ids_of(COUNT), crowded(COUNT)
    ids, vectors = [*ids[:10], ids[10] - 1, *ids[10:]], np.insert(vectors, 10, crowded(1, seed=9)[0], axis=0)
    before = clusters_by_id(last.index, last.vectors)
    now = clusters_by_id(*extended(tmp_path, last, vectors, ids))
    assert {one: now[one] for one in before} == before


@pytest.mark.parametrize(
    ("count", "why"),
    [(4 * COUNT, "more clusters suit so many"), (COUNT // 30, "fewer clusters suit so few")],
)
def test_clusters_that_no_longer_suit_the_number_of_pictures_are_not_added_to(
    tmp_path: Path, last: LastClusters, count: int, why: str
) -> None:
    assert clusters_for(count) != last.index.nlist, why
    file = write_vectors(tmp_path / "vectors.f16", DIMENSION, [(ids_of(count), crowded(count))])
    assert not extend_ivf(tmp_path / "index.faiss", file, last, silent())
    assert not (tmp_path / "index.faiss").exists()


def test_an_index_of_other_vectors_is_not_added_to(tmp_path: Path, last: LastClusters) -> None:
    file = write_vectors(tmp_path / "vectors.f16", DIMENSION, [(ids_of(COUNT), crowded(COUNT, seed=5))])
    assert not extend_ivf(tmp_path / "index.faiss", file, last, silent())


def write_again(folder: Path, last: LastClusters, pictures: Vectors) -> WrittenStores:
    folder.mkdir()
    batches: list[VectorBatch] = [(ids_of(len(pictures)), pictures)]
    return write_clustered(folder, DIMENSION, batches, batches, Clustering(last), silent())


def test_what_is_found_decides_whether_clusters_are_kept(
    tmp_path: Path, last: LastClusters, monkeypatch: pytest.MonkeyPatch
) -> None:
    pictures = np.concatenate([crowded(COUNT), crowded(ADDED, seed=5)])
    clustered_anew: list[int] = []

    def count_and_write(path: Path, vectors: VectorFile, console: object) -> None:
        clustered_anew.append(vectors.count)
        write_ivf(path, vectors, silent())

    monkeypatch.setattr(store_files, "write_ivf", count_and_write)
    enough = LastClusters(last.index, last.vectors, PROBING.model_copy(update={"nprobe": last.index.nlist}))
    written = write_again(tmp_path / "enough", enough, pictures)
    assert clustered_anew == []
    assert written.probing is not None
    assert written.probing.nprobe == last.index.nlist
    assert written.probing.recall_at_10 > 0.95
    too_few = LastClusters(last.index, last.vectors, PROBING.model_copy(update={"nprobe": 1, "rescored": 10}))
    written = write_again(tmp_path / "anew", too_few, pictures)
    assert clustered_anew == [COUNT + ADDED]
    assert written.probing is not None
    assert written.probing.nprobe > 1


def test_vectors_are_compared_wherever_they_stand(tmp_path: Path) -> None:
    one = write_vectors(tmp_path / "one", DIMENSION, [(ids_of(20), crowded(20))])
    other = write_vectors(tmp_path / "other", DIMENSION, [(ids_of(20), crowded(20)[::-1])])
    every, some = np.arange(20), np.array([1, 4, 5])
    assert one.equal_rows(every, one, every).all()
    assert not one.equal_rows(every, other, every).any()
    assert one.equal_rows(some, other, 19 - some).tolist() == [True, True, True]
    assert one.equal_rows(some, other, np.array([18, 4, 14])).tolist() == [True, False, True]
    assert one.equal_rows(every[:0], other, every[:0]).tolist() == []
