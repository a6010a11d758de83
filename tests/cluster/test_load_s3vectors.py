"""Loading shards to S3 Vectors: nothing twice, nothing lost, whatever ends a load; 429 and 503 slow it down, and no more."""

import os
import random
import subprocess
import sys
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("pyarrow", reason="pyarrow is in deploy/requirements-cluster.txt alone")
pytest.importorskip("boto3", reason="boto3 is in the extra aws")

from export.cluster.errors import ShardsUnusable
from export.cluster.load_s3vectors import load_s3vectors
from export.cluster.s3vectors_index import Pace, VectorIndexes, calls_of
from export.cluster.shards import image_id_of
from export.cluster.store_errors import StoreUnloadable
from runtime.stores.address import StoreAddress
from runtime.stores.s3vectors.store import S3VectorsLibrary
from tests.cluster.contract_shards import contract_columns, remote_manifest, write_shards
from tests.cluster.s3vectors.at_hand import BUCKET, STORE, bucket_at_hand, settings_of
from tests.cluster.s3vectors.server import DROPPED, S3VectorsServer
from tests.conftest import ROOT

IS_LONG = bool(os.environ.get("CLUSTER_TEST"))
FAST = 1e6  # vectors a second
DIMENSION = 8


@pytest.fixture
def server() -> Iterator[S3VectorsServer]:
    with bucket_at_hand() as running:
        yield running


def drawn_columns(count: int, seed: int = 0) -> list[dict[str, Any]]:
    chance = np.random.default_rng(seed)
    drawn = chance.normal(size=(count, DIMENSION)).astype(np.float16)
    return [
        {
            "image_id": image_id_of(f"{seed}", f"{at}.jpg"),
            "path": f"{at}.jpg",
            "sha256": f"{at:064x}",
            "width": 4,
            "height": 3,
            "bytes": 12,
            "embedding": vector,
        }
        for at, vector in enumerate(drawn)
    ]


def load(folder: Path, columns: list[dict[str, Any]], **more: Any) -> str:
    """Write rows as shards, load them, and return the generation that is in force then."""
    shards = write_shards(folder / f"shards {len(columns)} {columns[0]['image_id']}", columns, len(columns[0]["embedding"]))
    told = load_s3vectors(
        shards, STORE, lambda generation: remote_manifest(columns, generation, folder), vectors_a_second=FAST, **more
    )
    return told.generation


def in_force(server: S3VectorsServer) -> str:
    library = S3VectorsLibrary(StoreAddress.parse(STORE))
    generation = library.stamp()
    assert generation == library.read_manifest().generation
    library.close()
    return str(generation)


def ids_in(server: S3VectorsServer, generation: str) -> list[int]:
    return sorted(int(key) for key in server.indexes.buckets[BUCKET][generation].vectors)


def ids_of(columns: list[dict[str, Any]]) -> list[int]:
    return sorted(row["image_id"] for row in columns)


def test_everything_is_there_once_and_in_force(server: S3VectorsServer, tmp_path: Path) -> None:
    columns = drawn_columns(1_234)
    generation = load(tmp_path, columns)
    assert in_force(server) == generation
    assert ids_in(server, generation) == ids_of(columns)
    assert server.calls["PutVectors"] == 3 + 1  # and the head
    held = server.indexes.buckets[BUCKET][generation]
    np.testing.assert_array_equal(held.vectors[str(columns[7]["image_id"])], columns[7]["embedding"].astype(np.float32))


def test_the_same_load_again_writes_no_vector(server: S3VectorsServer, tmp_path: Path) -> None:
    columns = drawn_columns(600)
    generation, written = load(tmp_path, columns), server.calls["PutVectors"]
    assert load(tmp_path, columns) == generation == in_force(server)
    assert server.calls["PutVectors"] == written + 1  # the head


def test_a_new_load_stands_beside_the_old_one_until_the_next(server: S3VectorsServer, tmp_path: Path) -> None:
    first, second, third = (load(tmp_path, drawn_columns(20 + seed, seed)) for seed in range(3))
    assert in_force(server) == third
    assert set(server.indexes.buckets[BUCKET]) == {"holiday", second, third}
    assert first != second


def test_another_librarys_indexes_are_left_alone(server: S3VectorsServer, tmp_path: Path) -> None:
    others = ["holiday.else", "holiday.0123456789ab", "holiday2.0123456789", "holida"]
    for name in others:
        asked = {"vectorBucketName": BUCKET, "indexName": name, "dimension": 4, "distanceMetric": "cosine"}
        server.indexes.call("CreateIndex", asked)
    for seed in range(3):
        load(tmp_path, drawn_columns(20 + seed, seed))
    assert set(others) < set(server.indexes.buckets[BUCKET])


def test_throttling_slows_a_load_down_and_never_ends_it(server: S3VectorsServer, tmp_path: Path) -> None:
    columns = drawn_columns(2_000)
    server.script.faults["PutVectors"] = deque(["TooManyRequestsException", "ServiceUnavailableException", DROPPED])
    server.script.faults["ListVectors"] = deque(["InternalServerException"])
    server.script.lost["PutVectors"] = 1
    generation = load(tmp_path, columns)
    assert ids_in(server, generation) == ids_of(columns)
    assert not any(server.script.faults.values())
    assert server.refused["TooManyRequestsException"] == server.refused["ServiceUnavailableException"] == 1


def test_more_than_an_index_takes_in_a_second_is_written_in_the_end(server: S3VectorsServer, tmp_path: Path) -> None:
    columns, server.rates.vectors = drawn_columns(1_500), 1_000
    generation = load(tmp_path, columns)
    assert ids_in(server, generation) == ids_of(columns)


@pytest.mark.parametrize("fault", ["AccessDeniedException", "ServiceQuotaExceededException"])
def test_what_the_service_refuses_is_named_and_nothing_new_is_in_force(
    server: S3VectorsServer, tmp_path: Path, fault: str
) -> None:
    before = load(tmp_path, drawn_columns(10))
    server.script.faults["PutVectors"] = deque([fault])
    with pytest.raises(StoreUnloadable, match="cannot be loaded"):
        load(tmp_path, drawn_columns(20, 1))
    assert in_force(server) == before


def test_a_bucket_that_is_not_there_is_named(server: S3VectorsServer, tmp_path: Path) -> None:
    del server.indexes.buckets[BUCKET]
    with pytest.raises(StoreUnloadable, match="create-vector-bucket --vector-bucket-name pictures"):
        load(tmp_path, drawn_columns(3))


def test_an_index_of_anothers_is_not_written_to(server: S3VectorsServer, tmp_path: Path) -> None:
    asked = {"vectorBucketName": BUCKET, "indexName": "holiday", "dimension": 512, "distanceMetric": "cosine"}
    server.indexes.call("CreateIndex", asked)
    with pytest.raises(StoreUnloadable, match="did not make"):
        load(tmp_path, drawn_columns(3))
    assert server.indexes.buckets[BUCKET]["holiday"].dimension == 512


def test_a_vector_that_nobody_loaded_is_not_put_into_force(server: S3VectorsServer, tmp_path: Path) -> None:
    generation = load(tmp_path, drawn_columns(10))
    index = server.indexes.buckets[BUCKET][generation]
    index.vectors["12"], index.metadata["12"] = np.ones(DIMENSION, np.float32), {}
    with pytest.raises(StoreUnloadable, match="1 vectors that are not of these shards, such as '12'"):
        load(tmp_path, drawn_columns(10))


def test_a_picture_without_a_vector_is_refused_by_its_name(server: S3VectorsServer, tmp_path: Path) -> None:
    columns = drawn_columns(5)
    columns[3]["embedding"] = np.zeros(DIMENSION, np.float16)
    with pytest.raises(ShardsUnusable, match=r"3\.jpg has no vector"):
        load(tmp_path, columns)
    assert "holiday" not in server.indexes.buckets[BUCKET]


def test_ids_that_shards_hold_twice_are_written_once(server: S3VectorsServer, tmp_path: Path) -> None:
    columns = drawn_columns(5)
    generation = load(tmp_path, [*columns, columns[2]])
    assert ids_in(server, generation) == ids_of(columns)


def test_what_is_too_long_is_shortened_and_counted(server: S3VectorsServer, tmp_path: Path) -> None:
    columns, said = contract_columns()[:30], Sayings()
    columns[1]["text"] = "[" + ",".join(f'["word{at}",0.1,0.2,0.3,0.4]' for at in range(3_000)) + "]"
    columns[2]["keywords"] = ["a keyword"] * 5_000
    columns[4]["path"] = "deep/" * 300 + "picture.jpg"
    generation = load(tmp_path, columns, display=said)
    shortened = [text for text in said.texts if "the rest was left out" in text]
    assert [text.split("of ")[1].split(",")[0] for text in shortened] == ["folders", "keywords", "text"]
    library = S3VectorsLibrary(StoreAddress.parse(STORE))
    rows = library.open(library.read_manifest()).rows
    picture = rows.pictures_of([columns[1]["image_id"]])[columns[1]["image_id"]]
    assert picture.words is not None
    assert 500 < len(picture.words) < 3_000
    assert [one.row.id for one in rows.pictures_with("path", columns[4]["path"])] == [columns[4]["image_id"]]
    library.close()
    assert len(ids_in(server, generation)) == 30


class Sayings:
    """Keeps what is said."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def say(self, text: str) -> None:
        self.texts.append(text)

    def count(self, parts: Any, description: str) -> Any:
        return parts


def test_calls_hold_at_most_500_vectors_and_16_mib() -> None:
    short = [{"key": str(at), "data": {"float32": [1.0]}, "metadata": {}} for at in range(1_234)]
    assert [len(some) for some in calls_of(short)] == [500, 500, 234]
    long = [{"key": str(at), "data": {"float32": [1.0] * 4096}, "metadata": {"row": "x" * 40_000}} for at in range(300)]
    assert [len(some) for some in calls_of(long)] == [128, 128, 44]
    assert list(calls_of([])) == []


def test_the_pace_is_kept_by_waiting() -> None:
    now, waited = [0.0], []
    pace = Pace(2_400, clock=lambda: now[0], sleep=waited.append)
    for _ in range(3):
        pace.take(500)
    assert waited == pytest.approx([500 / 2_400, 1_000 / 2_400])


def test_keys_are_listed_whole_page_by_page(server: S3VectorsServer, tmp_path: Path) -> None:
    generation = load(tmp_path, drawn_columns(300))
    assert len(VectorIndexes(BUCKET).keys(generation)) == 300


# --- kills ---


@pytest.mark.parametrize("seed", range(20 if IS_LONG else 1))
def test_a_load_killed_at_any_call_goes_on_with_nothing_twice_and_nothing_lost(
    server: S3VectorsServer, tmp_path: Path, seed: int
) -> None:
    count, chance = 10_000 if IS_LONG else 2_000, random.Random(seed)
    old, new = drawn_columns(30, 98), drawn_columns(count, 99)
    before = load(tmp_path, old)
    shards = write_shards(tmp_path / "new", new, DIMENSION)
    command = [sys.executable, "-m", "tests.cluster.s3vectors.load_once", str(shards), STORE]
    children: list[subprocess.Popen[bytes]] = []
    calls = server.calls.total() + count // 500 - 1  # of a load of so many: the first one wrote its pictures by one call
    last = server.calls.total() + chance.randint(1, calls)
    is_before = chance.random() < 0.5

    def kill(number: int, _operation: str) -> None:
        if number == last:
            children[0].kill()
            children[0].wait()

    if is_before:
        server.script.before = kill
    else:
        server.script.after = kill
    for _ in range(2):
        children.insert(0, start(command, server))
        children[0].wait(timeout=300)
    assert [child.returncode for child in children] == [0, -9]
    generation = in_force(server)
    assert generation != before
    assert ids_in(server, generation) == ids_of(new)
    assert set(server.indexes.buckets[BUCKET]) == {"holiday", generation, before}
    held = server.indexes.buckets[BUCKET][generation].vectors
    assert all(np.array_equal(held[str(row["image_id"])], row["embedding"].astype(np.float32)) for row in new)


def start(command: list[str], server: S3VectorsServer) -> "subprocess.Popen[bytes]":
    environment = {**os.environ, **settings_of(server), "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(command, cwd=ROOT, env=environment)
