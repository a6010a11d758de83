"""Loads into S3 Vectors that are killed at any call: the next one goes on, with nothing twice and nothing lost."""

import os
import random
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("pyarrow", reason="pyarrow is in deploy/requirements-cluster.txt alone")
pytest.importorskip("boto3", reason="boto3 is in the extra aws")

from tests.cluster.contract_shards import write_shards
from tests.cluster.played import MODELS
from tests.cluster.s3vectors.at_hand import BUCKET, STORE, settings_of
from tests.cluster.s3vectors.loads import DIMENSION, drawn_rows, ids_in, ids_of, in_force, load, server
from tests.cluster.s3vectors.server import S3VectorsServer
from tests.conftest import ROOT

__all__ = ["server"]  # a fixture
IS_LONG = bool(os.environ.get("CLUSTER_TEST"))


@pytest.mark.parametrize("seed", range(20 if IS_LONG else 1))
def test_a_load_killed_at_any_call_goes_on_with_nothing_twice_and_nothing_lost(
    server: S3VectorsServer, tmp_path: Path, seed: int
) -> None:
    count, chance = 10_000 if IS_LONG else 2_000, random.Random(seed)
    old, new = drawn_rows(30, 98), drawn_rows(count, 99)
    before = load(tmp_path, old)
    shards = write_shards(tmp_path / "new", new, DIMENSION, MODELS)
    command = [sys.executable, "-m", "tests.cluster.s3vectors.load_once", str(shards), STORE, str(DIMENSION)]
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
