"""A bucket of vectors on a loopback server, which boto3 is led to by its own settings, and models to load with."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager

import numpy as np
import pytest
from numpy.typing import NDArray

from export.index.photos.places import Named
from export.index.pipeline import Models
from tests.cluster.s3vectors.server import S3VectorsServer, running_server
from tests.runtime.stores.contract_library import TOWN_NAMES

BUCKET = "pictures"
STORE = f"s3vectors://{BUCKET}/holiday"
MODELS = {"clip/text.onnx": "0" * 64}


class PlayedEncoder:
    """A text tower of random directions, the same for the same text."""

    def __init__(self, dimension: int) -> None:
        self.dimension = dimension

    def embed_texts(self, texts: list[str]) -> NDArray[np.float32]:
        drawn = np.stack([np.random.default_rng(list(text.encode())).normal(size=self.dimension) for text in texts])
        unit: NDArray[np.float32] = (drawn / np.linalg.norm(drawn, axis=1, keepdims=True)).astype(np.float32)
        return unit


def played_models(dimension: int) -> Models:
    return Models(MODELS, PlayedEncoder(dimension))  # type: ignore[arg-type]  # a load uses its text tower alone


class PlayedPlaces:
    """The contract's table of towns."""

    def others_of(self, towns: Collection[Named]) -> dict[Named, tuple[str, ...]]:
        return {town: others for town, others in TOWN_NAMES.items() if town in towns}


def settings_of(server: S3VectorsServer, key: str = "loader") -> dict[str, str]:
    """Return the variables by which boto3 finds a server."""
    keys = {"AWS_ACCESS_KEY_ID": key, "AWS_SECRET_ACCESS_KEY": "secret", "AWS_REGION": "us-east-1"}
    return {"AWS_ENDPOINT_URL_S3VECTORS": server.url, "AWS_DEFAULT_REGION": "us-east-1", **keys}


@contextmanager
def bucket_at_hand(page_size: int = 100) -> Iterator[S3VectorsServer]:
    """Hold a server with an empty bucket; boto3 in this process asks it."""
    with running_server(page_size) as server, pytest.MonkeyPatch.context() as patch:
        for name, value in settings_of(server).items():
            patch.setenv(name, value)
        server.indexes.call("CreateVectorBucket", {"vectorBucketName": BUCKET})
        yield server
