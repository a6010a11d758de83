"""The file of vectors: the same vectors again, half as long, and damage refused by name."""

import resource
from pathlib import Path

import numpy as np
import pytest

from runtime.errors import ArtefactCorrupt, ArtefactMissing
from runtime.stores.vector_file import HEAD, VectorFile, write_vectors
from tests.runtime.stores.large_vectors import DIMENSION, crowded, written_vectors


def test_vectors_come_back_by_id_in_any_order_to_half_precision(tmp_path: Path) -> None:
    written_vectors(tmp_path / "a name, with ü", 50)
    opened = VectorFile.open(tmp_path / "a name, with ü", DIMENSION)
    assert (opened.count, opened.dimension) == (50, DIMENSION)
    found = opened.vectors_of([130, 100, 247, 130])
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, crowded(50)[[10, 0, 49, 10]], atol=5e-4)
    np.testing.assert_allclose(np.sum(found * crowded(50)[[10, 0, 49, 10]], axis=1), 1, atol=1e-4)


def test_what_is_read_and_written_again_is_the_same_file(tmp_path: Path) -> None:
    first = written_vectors(tmp_path / "first", 50)
    ids = first.ids.tolist()
    write_vectors(
        tmp_path / "second", DIMENSION, ((ids[at : at + 7], first.vectors_of(ids[at : at + 7])) for at in range(0, 50, 7))
    )
    assert (tmp_path / "second").read_bytes() == (tmp_path / "first").read_bytes()


def test_chunks_are_all_vectors_in_the_order_of_their_ids(tmp_path: Path) -> None:
    written = written_vectors(tmp_path / "vectors", 50)
    starts, chunks = zip(*written.chunks(20), strict=True)
    assert starts == (0, 20, 40)
    assert np.concatenate(chunks).tobytes() == written.vectors_of(written.ids.tolist()).tobytes()


@pytest.mark.parametrize("unknown", [0, 99, 101, 248, 10**12])
def test_an_unknown_id_is_a_key_error(tmp_path: Path, unknown: int) -> None:
    written_vectors(tmp_path / "vectors", 50)
    with pytest.raises(KeyError):
        VectorFile.open(tmp_path / "vectors", DIMENSION).vectors_of([100, unknown])


def test_a_file_without_vectors_knows_no_id(tmp_path: Path) -> None:
    write_vectors(tmp_path / "none", DIMENSION, [])
    opened = VectorFile.open(tmp_path / "none", DIMENSION)
    assert opened.count == 0
    assert opened.vectors_of([]).shape == (0, DIMENSION)
    with pytest.raises(KeyError):
        opened.vectors_of([1])


@pytest.mark.parametrize(
    ("batches", "said"),
    [([[1, 2], [2]], "ascend"), ([[2, 1]], "ascend"), ([[5], [], [4]], "ascend"), ([[-1]], "ascend")],
)
def test_ids_that_do_not_ascend_are_refused(tmp_path: Path, batches: list[list[int]], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        write_vectors(tmp_path / "vectors", DIMENSION, ((ids, crowded(len(ids))) for ids in batches))
    assert not (tmp_path / "vectors").exists()


def test_a_shape_that_does_not_fit_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="3 ids of dimension 16"):
        write_vectors(tmp_path / "vectors", DIMENSION, [([1, 2, 3], crowded(2))])


def test_a_file_cut_short_anywhere_is_refused_by_name(tmp_path: Path) -> None:
    written_vectors(tmp_path / "whole", 50)
    whole = (tmp_path / "whole").read_bytes()
    for length in (0, 1, HEAD.size - 1, HEAD.size, len(whole) // 2, len(whole) - 1):
        (tmp_path / "cut").write_bytes(whole[:length])
        with pytest.raises(ArtefactCorrupt, match="cut"):
            VectorFile.open(tmp_path / "cut", DIMENSION)


def test_a_file_cut_short_while_it_is_open_is_an_error_and_no_crash(tmp_path: Path) -> None:
    opened = written_vectors(tmp_path / "vectors", 50)
    ids = opened.ids.copy()
    with (tmp_path / "vectors").open("r+b") as file:
        file.truncate(HEAD.size + 10)
    with pytest.raises(ArtefactCorrupt, match="after it was opened"):
        opened.rows(range(len(ids)))


def test_foreign_files_and_other_dimensions_are_refused(tmp_path: Path) -> None:
    (tmp_path / "foreign").write_bytes(b"GIF89a and so on" * 50)
    written_vectors(tmp_path / "ours", 50)
    for name, dimension in (("foreign", DIMENSION), ("ours", DIMENSION + 1)):
        with pytest.raises(ArtefactCorrupt, match=name):
            VectorFile.open(tmp_path / name, dimension)
    with pytest.raises(ArtefactMissing):
        VectorFile.open(tmp_path / "nowhere", DIMENSION)


def test_a_file_that_cannot_be_written_leaves_the_old_one_and_nothing_else(tmp_path: Path) -> None:
    written_vectors(tmp_path / "vectors", 5)
    before = (tmp_path / "vectors").read_bytes()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))
    try:
        with pytest.raises(OSError, match="large"):
            written_vectors(tmp_path / "vectors", 500)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert (tmp_path / "vectors").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["vectors"]
