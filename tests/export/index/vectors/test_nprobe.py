"""The choice of how much a search looks through, against looking through everything."""

import io
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from rich.console import Console

from export.index.vectors import nprobe as probes
from export.index.vectors.clusters import write_ivf
from export.index.vectors.nprobe import choose_probing, fewest_probes, move_towards_text, recall_with, tenth_best
from runtime.stores.clustered import ClusteredStore
from runtime.stores.faiss_ivf import MappedIvf
from runtime.stores.vector_file import VectorFile, write_vectors
from tests.runtime.stores.large_vectors import DIMENSION, crowded, silent, written_vectors

COUNT = 4000


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> VectorFile:
    return written_vectors(tmp_path_factory.mktemp("large") / "vectors", COUNT)


@pytest.fixture(scope="module")
def index(pictures: VectorFile, tmp_path_factory: pytest.TempPathFactory) -> MappedIvf:
    path = tmp_path_factory.mktemp("large") / "index.faiss"
    write_ivf(path, pictures, silent())
    return MappedIvf.open(path, DIMENSION, COUNT)


def written_captions(path: Path, count: int) -> VectorFile:
    """Write captions' vectors that are far from every topic."""
    far = np.random.default_rng(4).normal(size=(count, DIMENSION))
    vectors = (far / np.linalg.norm(far, axis=1, keepdims=True)).astype(np.float32)
    return write_vectors(path, DIMENSION, [(range(count), vectors)])


def exact(queries: NDArray[np.float32], pictures: VectorFile) -> NDArray[np.float32]:
    vectors = np.concatenate([chunk for _, chunk in pictures.chunks(1000)])
    return np.sort(queries @ vectors.T, axis=1)[:, -10]


def test_the_tenth_best_is_that_of_a_plain_matrix_product(pictures: VectorFile, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probes, "CHUNK", 700)
    queries = crowded(30, seed=5)
    seen: list[int] = []
    np.testing.assert_allclose(tenth_best(pictures, queries, seen.append), exact(queries, pictures), atol=1e-6)
    assert sum(seen) == COUNT


def test_no_fewer_clusters_would_do(index: MappedIvf, pictures: VectorFile) -> None:
    queries = crowded(300, seed=6)
    tenth, store = exact(queries, pictures), ClusteredStore(index, pictures, nprobe=1, rescored=60)
    chosen = fewest_probes(store, queries, tenth)
    aim = probes.RECALL_AIM + probes.MARGIN
    enough = (nprobe for nprobe in range(1, store.nlist + 1) if recall_with(store, queries, tenth, nprobe) >= aim)
    assert chosen == next(enough) > 1


def test_queries_far_from_all_pictures_get_more_clusters(index: MappedIvf, pictures: VectorFile, tmp_path: Path) -> None:
    near = written_vectors(tmp_path / "near", 2000)
    far = written_captions(tmp_path / "far", 2000)
    chosen = [choose_probing(index, pictures, captions, silent()) for captions in (near, far)]
    assert chosen[0].nprobe < chosen[1].nprobe
    for probing in chosen:
        assert probing.recall_at_10 >= probes.RECALL_AIM - 0.01
        assert (probing.queries, probing.asked_with, probing.nlist) == (1000, "captions", index.nlist)


@pytest.mark.parametrize("captions", [0, 99])
def test_with_too_few_captions_pictures_are_moved_towards_text(
    index: MappedIvf, pictures: VectorFile, tmp_path: Path, captions: int
) -> None:
    probing = choose_probing(index, pictures, written_captions(tmp_path / "captions", captions), silent())
    assert (probing.queries, probing.asked_with) == (1000, "pictures moved towards text")


def test_moved_pictures_are_as_far_from_their_own_as_texts_are() -> None:
    queries = move_towards_text(crowded(2000), np.random.default_rng(0))
    apart = crowded(2000) - crowded(2000).mean(axis=0)
    cosines = np.sum(queries * apart, axis=1) / np.linalg.norm(apart, axis=1)
    assert abs(cosines.mean() - probes.TEXT_COSINE) < 0.02
    np.testing.assert_allclose(np.linalg.norm(queries, axis=1), 1, atol=1e-6)


def test_an_aim_that_is_missed_is_said(
    index: MappedIvf, pictures: VectorFile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(probes, "MARGIN", -0.2)  # chosen by a lower aim, as if other queries were that much harder
    said = io.StringIO()
    probing = choose_probing(index, pictures, written_captions(tmp_path / "captions", 500), Console(file=said, width=200))
    assert probing.recall_at_10 < probes.RECALL_AIM
    assert f"finds {probing.recall_at_10:.1%} of the ten nearest pictures; 95% were aimed at" in said.getvalue()
