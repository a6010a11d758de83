"""Drawn pictures, loaded into S3 Vectors at hand, and what is there then."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rich.console import Console

pytest.importorskip("pyarrow", reason="pyarrow is in deploy/requirements-cluster.txt alone")
pytest.importorskip("boto3", reason="boto3 is in the extra aws")

from export.cluster.load.to_s3vectors import load_s3vectors
from export.cluster.shards import image_id_of
from runtime.library.image_rows import ImageRow
from runtime.library.photos.photo_facts import NO_FACTS
from runtime.stores.address import StoreAddress
from runtime.stores.s3vectors.store import S3VectorsLibrary
from tests.cluster.contract_shards import row_of, write_shards
from tests.cluster.played import MODELS, played_models
from tests.cluster.s3vectors.at_hand import BUCKET, STORE, bucket_at_hand
from tests.cluster.s3vectors.server import S3VectorsServer
from tests.runtime.stores.large_vectors import silent

FAST = 1e6  # vectors a second
DIMENSION = 8


@pytest.fixture
def server() -> Iterator[S3VectorsServer]:
    with bucket_at_hand() as running:
        yield running


def drawn_rows(count: int, seed: int = 0) -> list[dict[str, Any]]:
    """Return rows of shards: random vectors, without captions."""
    drawn = np.random.default_rng(seed).normal(size=(count, DIMENSION)).astype(np.float16)
    images = [
        ImageRow(image_id_of(f"{seed}", f"{at}.jpg"), f"{at}.jpg", f"{at:064x}", 12, 4, 3, None) for at in range(count)
    ]
    return [row_of(image, NO_FACTS, vector, None, None) for image, vector in zip(images, drawn, strict=True)]


def load(folder: Path, rows: list[dict[str, Any]], console: Console | None = None) -> str:
    """Write rows as shards, load them, and return the generation that is in force then."""
    shards = write_shards(folder / f"{len(rows)} from {rows[0]['image_id']}", rows, DIMENSION, MODELS)
    told = load_s3vectors(shards, STORE, played_models(DIMENSION), console or silent(), vectors_a_second=FAST)
    return told.generation


def in_force(server: S3VectorsServer) -> str:
    library = S3VectorsLibrary(StoreAddress.parse(STORE))
    generation = library.stamp()
    assert generation == library.read_manifest().generation
    library.close()
    return str(generation)


def ids_in(server: S3VectorsServer, generation: str) -> list[int]:
    return sorted(int(key) for key in server.indexes.buckets[BUCKET][generation].vectors)


def ids_of(rows: list[dict[str, Any]]) -> list[int]:
    return sorted(row["image_id"] for row in rows)
