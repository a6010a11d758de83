"""Loading shards to S3 Vectors: nothing twice, nothing lost, whatever ends a load; 429 and 503 slow it down, and no more."""

import io
from collections import deque
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

pytest.importorskip("pyarrow", reason="pyarrow is in deploy/requirements-cluster.txt alone")
pytest.importorskip("boto3", reason="boto3 is in the extra aws")

from export.cluster.errors import ShardsUnusable
from export.cluster.load.errors import LoadRefused
from export.cluster.load.s3vectors_index import RateLimit, VectorIndexes, calls_of
from export.cluster.load.to_s3vectors import load_s3vectors
from runtime.library.picture_text import PictureWord, write_words
from runtime.stores.address import StoreAddress
from runtime.stores.s3vectors.store import S3VectorsLibrary
from tests.cluster.contract_shards import write_shards
from tests.cluster.played import MODELS, played_models
from tests.cluster.s3vectors.at_hand import BUCKET, STORE
from tests.cluster.s3vectors.loads import DIMENSION, drawn_rows, ids_in, ids_of, in_force, load, server
from tests.cluster.s3vectors.server import DROPPED, S3VectorsServer
from tests.runtime.stores.large_vectors import silent

__all__ = ["server"]  # a fixture


def test_everything_is_there_once_and_in_force(server: S3VectorsServer, tmp_path: Path) -> None:
    rows = drawn_rows(1_234)
    generation = load(tmp_path, rows)
    assert in_force(server) == generation
    assert ids_in(server, generation) == ids_of(rows)
    assert server.calls["PutVectors"] == 3 + 1  # and the head
    held = server.indexes.buckets[BUCKET][generation]
    np.testing.assert_array_equal(held.vectors[str(rows[7]["image_id"])], rows[7]["embedding"].astype(np.float32))


def test_the_same_load_again_writes_no_vector(server: S3VectorsServer, tmp_path: Path) -> None:
    rows = drawn_rows(600)
    generation, written = load(tmp_path, rows), server.calls["PutVectors"]
    assert load(tmp_path, rows) == generation == in_force(server)
    assert server.calls["PutVectors"] == written + 1  # the head


def test_a_new_load_stands_beside_the_old_one_until_the_next(server: S3VectorsServer, tmp_path: Path) -> None:
    first, second, third = (load(tmp_path, drawn_rows(20 + seed, seed)) for seed in range(3))
    assert in_force(server) == third
    assert set(server.indexes.buckets[BUCKET]) == {"holiday", second, third}
    assert first != second


def test_a_load_that_is_repeated_keeps_what_was_in_force_before(server: S3VectorsServer, tmp_path: Path) -> None:
    first, second, again = (load(tmp_path, drawn_rows(20 + seed, seed)) for seed in (0, 1, 1))
    assert second == again
    assert set(server.indexes.buckets[BUCKET]) == {"holiday", first, second}


def test_another_librarys_indexes_are_left_alone(server: S3VectorsServer, tmp_path: Path) -> None:
    others = ["holiday.else", "holiday.0123456789ab", "holiday2.0123456789", "holida"]
    for name in others:
        asked = {"vectorBucketName": BUCKET, "indexName": name, "dimension": 4, "distanceMetric": "cosine"}
        server.indexes.call("CreateIndex", asked)
    for seed in range(3):
        load(tmp_path, drawn_rows(20 + seed, seed))
    assert set(others) < set(server.indexes.buckets[BUCKET])


def test_throttling_slows_a_load_down_and_never_ends_it(server: S3VectorsServer, tmp_path: Path) -> None:
    rows = drawn_rows(2_000)
    server.script.faults["PutVectors"] = deque(["TooManyRequestsException", "ServiceUnavailableException", DROPPED])
    server.script.faults["ListVectors"] = deque(["InternalServerException"])
    server.script.lost["PutVectors"] = 1
    generation = load(tmp_path, rows)
    assert ids_in(server, generation) == ids_of(rows)
    assert not any(server.script.faults.values())
    assert server.refused["TooManyRequestsException"] == server.refused["ServiceUnavailableException"] == 1


def test_more_than_an_index_takes_in_a_second_is_written_in_the_end(server: S3VectorsServer, tmp_path: Path) -> None:
    rows, server.rates.vectors = drawn_rows(1_500), 1_000
    generation = load(tmp_path, rows)
    assert ids_in(server, generation) == ids_of(rows)


@pytest.mark.parametrize("fault", ["AccessDeniedException", "ServiceQuotaExceededException"])
def test_what_the_service_refuses_is_named_and_nothing_new_is_in_force(
    server: S3VectorsServer, tmp_path: Path, fault: str
) -> None:
    before = load(tmp_path, drawn_rows(10))
    server.script.faults["PutVectors"] = deque([fault])
    with pytest.raises(LoadRefused, match="is as it was"):
        load(tmp_path, drawn_rows(20, 1))
    assert in_force(server) == before


@pytest.mark.parametrize(
    "url", ["s3vectors://pictures.eu/holiday", "s3vectors://pictures", "s3vectors://pictures/" + "a" * 60]
)
def test_what_is_no_address_is_refused(server: S3VectorsServer, tmp_path: Path, url: str) -> None:
    shards = write_shards(tmp_path / "shards", drawn_rows(3), DIMENSION, MODELS)
    with pytest.raises(LoadRefused, match="s3vectors://BUCKET/INDEX"):
        load_s3vectors(shards, url, played_models(DIMENSION), silent())
    assert not server.calls


def test_a_bucket_that_is_not_there_is_named(server: S3VectorsServer, tmp_path: Path) -> None:
    del server.indexes.buckets[BUCKET]
    with pytest.raises(LoadRefused, match="create-vector-bucket --vector-bucket-name pictures"):
        load(tmp_path, drawn_rows(3))


def test_an_index_of_anothers_is_not_written_to(server: S3VectorsServer, tmp_path: Path) -> None:
    asked = {"vectorBucketName": BUCKET, "indexName": "holiday", "dimension": 512, "distanceMetric": "cosine"}
    server.indexes.call("CreateIndex", asked)
    with pytest.raises(LoadRefused, match="did not make"):
        load(tmp_path, drawn_rows(3))
    assert server.indexes.buckets[BUCKET]["holiday"].dimension == 512


def test_a_vector_that_nobody_loaded_is_not_put_into_force(server: S3VectorsServer, tmp_path: Path) -> None:
    generation = load(tmp_path, drawn_rows(10))
    index = server.indexes.buckets[BUCKET][generation]
    index.vectors["12"], index.metadata["12"] = np.ones(DIMENSION, np.float32), {}
    with pytest.raises(LoadRefused, match="1 vectors that are not of these shards, such as '12'"):
        load(tmp_path, drawn_rows(10))


def test_a_picture_without_a_vector_is_refused_by_its_name(server: S3VectorsServer, tmp_path: Path) -> None:
    rows = drawn_rows(5)
    rows[3]["embedding"] = np.zeros(DIMENSION, np.float16)
    with pytest.raises(ShardsUnusable, match=r"3\.jpg has no vector"):
        load(tmp_path, rows)
    assert "holiday" not in server.indexes.buckets[BUCKET]


def test_shards_that_hold_an_id_twice_are_refused(server: S3VectorsServer, tmp_path: Path) -> None:
    rows = drawn_rows(5)
    with pytest.raises(ShardsUnusable, match=r"1 ids are in it twice, such as \d+, of 2\.jpg and 2\.jpg"):
        load(tmp_path, [*rows, rows[2]])
    assert not server.calls


def test_what_is_too_long_is_shortened_and_counted(server: S3VectorsServer, tmp_path: Path) -> None:
    rows, console = drawn_rows(10), Console(file=io.StringIO(), width=300)
    rows[1]["text"] = write_words([PictureWord(f"word{at}", (0.1, 0.2, 0.3, 0.4)) for at in range(3_000)])
    rows[2]["keywords"] = ["a keyword"] * 5_000
    rows[4]["path"] = "deep/" * 300 + "picture.jpg"
    generation = load(tmp_path, rows, console)
    assert isinstance(console.file, io.StringIO)
    said = console.file.getvalue()
    for what in ("words in them", "keywords", "folders to filter by"):
        assert f"1 pictures have more {what} than S3 Vectors keeps of one" in said
    library = S3VectorsLibrary(StoreAddress.parse(STORE))
    held = library.open(library.read_manifest()).rows
    pictures = held.pictures_of([row["image_id"] for row in rows])
    words = pictures[rows[1]["image_id"]].words
    assert words is not None
    assert 500 < len(words) < 3_000
    assert pictures[rows[2]["image_id"]].facts.keywords == ()
    assert [one.row.id for one in held.pictures_with("path", rows[4]["path"])] == [rows[4]["image_id"]]
    library.close()
    assert len(ids_in(server, generation)) == 10


def test_models_that_did_not_make_the_shards_load_nothing(server: S3VectorsServer, tmp_path: Path) -> None:
    shards = write_shards(tmp_path / "shards", drawn_rows(3), DIMENSION, {"clip/text.onnx": "1" * 64})
    with pytest.raises(LoadRefused, match="other models"):
        load_s3vectors(shards, STORE, played_models(DIMENSION), silent())
    assert not server.calls


def test_calls_hold_at_most_500_vectors_and_16_mib() -> None:
    short = [{"key": str(at), "data": {"float32": [1.0]}, "metadata": {}} for at in range(1_234)]
    assert [len(some) for some in calls_of(short)] == [500, 500, 234]
    long = [{"key": str(at), "data": {"float32": [1.0] * 4096}, "metadata": {"row": "x" * 40_000}} for at in range(300)]
    assert [len(some) for some in calls_of(long)] == [128, 128, 44]
    assert list(calls_of([])) == []


def test_the_pace_is_kept_by_waiting() -> None:
    now, waited = [0.0], list[float]()
    pace = RateLimit(2_400, clock=lambda: now[0], sleep=waited.append)
    for _ in range(3):
        pace.take(500)
    assert waited == pytest.approx([500 / 2_400, 1_000 / 2_400])


def test_keys_are_listed_whole_page_by_page(server: S3VectorsServer, tmp_path: Path) -> None:
    generation = load(tmp_path, drawn_rows(300))
    assert len(VectorIndexes(BUCKET).keys(generation)) == 300
