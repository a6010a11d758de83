"""A library of four plain pictures over the real catalogue and the real store; only the models are played."""

import sqlite3
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from numpy.typing import NDArray
from PIL import Image

from runtime.artefacts.file_record import record_file
from runtime.artefacts.model_records import Preprocessing
from runtime.engine import Engine
from runtime.explain.explainer import Explainer
from runtime.explain.sentences import EvidenceExplainer
from runtime.library.captions import Captions
from runtime.library.catalog import Library
from runtime.library.image_rows import CATALOG_SCHEMA
from runtime.search.query import RequestLimits
from runtime.search.ranking import Ranker
from runtime.settings import Settings
from runtime.stores.flat import FlatStore
from runtime.web.api import create_app

COLOURS = ["red", "green", "blue", "grey"]
# One name that HTML would read as a tag, one with a space, one that only percent-quoting brings through a URL.
NAMES = ["<b>red.png", "a green one.png", "sub/blue #1.png", "grey.png"]
CAPTIONS = ["a red <script>alert(1)</script> square", "a green square", None, None]
INSERT = (
    "INSERT INTO images (id, image_path, sha256, bytes, mtime_ns, width, height, caption) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
)


class ColourEncoder:
    """Embeds a text by the colours it names, a picture by its channels; each colour is an axis. Counts its runs."""

    dimension, grid, side = len(COLOURS), 2, 8
    context_words = 100
    pad_token_id = 7
    shares_prefixes = False
    preprocessing = Preprocessing(size=side, fit="stretch", resample="bicubic", mean=(0.0, 0.0, 0.0), std=(1.0, 1.0, 1.0))

    def __init__(self) -> None:
        self.text_batches: list[int] = []
        self.pictures_seen = 0

    def tokenize(self, texts: Sequence[str]) -> NDArray[np.int64]:
        return np.array([[int(colour in text) for colour in COLOURS] for text in texts], dtype=np.int64)

    def read_part(self, text: str) -> str:
        return " ".join(text.split()[: self.context_words])

    def embed_tokens(self, token_ids: NDArray[np.int64]) -> NDArray[np.float32]:
        self.text_batches.append(len(token_ids))
        return _unit(token_ids.astype(np.float32) + 0.01)

    def embed_with_shortened(self, text: NDArray[np.int64], shortened: NDArray[np.int64]) -> NDArray[np.float32]:
        return np.concatenate([self.embed_tokens(text), self.embed_tokens(shortened)])

    def prepare(self, image: Image.Image, scaled_from: tuple[int, int] | None = None) -> NDArray[np.float32]:
        return np.asarray(image.resize((self.side, self.side)), np.float32).transpose(2, 0, 1) / np.float32(255)

    def embed_pixels(self, pixels: NDArray[np.float32]) -> NDArray[np.float32]:
        self.pictures_seen += len(pixels)
        return _unit(np.pad(pixels.mean(axis=(2, 3)), ((0, 0), (0, 1))) + np.float32(0.01))

    def attribute(self, pixels: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        half = self.side // self.grid
        patches = pixels.reshape(3, self.grid, half, self.grid, half).mean(axis=(2, 4)).transpose(1, 2, 0)
        return self.embed_pixels(pixels[None])[0], np.pad(patches, ((0, 0), (0, 0), (0, 1)))

    def seen_part(self, image: Image.Image) -> tuple[float, float, float, float]:
        return 0.25, 0.0, 0.75, 1.0


def _unit(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    unit: NDArray[np.float32] = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return unit


class ColourCaptioner:
    """Names the strongest channel of a picture, and remembers how many pictures each batch had."""

    def __init__(self) -> None:
        self.batches: list[int] = []

    def caption_images(self, images: Sequence[Image.Image]) -> list[str]:
        self.batches.append(len(images))
        return [f"a {COLOURS[int(np.asarray(image).mean(axis=(0, 1)).argmax())]} square" for image in images]


@pytest.fixture
def library(tmp_path: Path) -> Library:
    pixels = {"red": (200, 0, 0), "green": (0, 200, 0), "blue": (0, 0, 200), "grey": (120, 110, 100)}
    for name, colour in zip(NAMES, pixels.values(), strict=True):
        file = tmp_path / "images" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (20, 10), colour).save(file)
    connection = sqlite3.connect(tmp_path / "catalog.sqlite")
    connection.executescript(CATALOG_SCHEMA)
    for image_id, (name, caption) in enumerate(zip(NAMES, CAPTIONS, strict=True), start=1):
        record = record_file(tmp_path / "images", name)
        row = (image_id, name, record.sha256, record.bytes, 0, 20, 10, caption)
        connection.execute(INSERT, row)
    connection.commit()
    connection.close()
    (tmp_path / "secret.txt").write_text("not to be served")
    return Library(tmp_path / "catalog.sqlite", tmp_path / "images")


@pytest.fixture
def store() -> FlatStore:
    store = FlatStore(len(COLOURS))
    store.add([1, 2, 3, 4], np.eye(len(COLOURS), dtype=np.float32))
    return store


@pytest.fixture
def captioner() -> ColourCaptioner:
    return ColourCaptioner()


class SharingEncoder(ColourEncoder):
    """Embeds a text and its shortened forms in one run."""

    shares_prefixes = True

    def embed_with_shortened(self, text: NDArray[np.int64], shortened: NDArray[np.int64]) -> NDArray[np.float32]:
        return self.embed_tokens(np.concatenate([text, shortened]))


@pytest.fixture
def encoder() -> ColourEncoder:
    return ColourEncoder()


@pytest.fixture
def explainer() -> Explainer:
    return EvidenceExplainer()


@pytest.fixture
def engine(
    encoder: ColourEncoder, store: FlatStore, library: Library, captioner: ColourCaptioner, explainer: Explainer
) -> Engine:
    return Engine(
        encoder,
        Ranker(store, some_ids=library.some_ids),
        library,
        explainer,
        captions=Captions(library, lambda: captioner),
        limits=RequestLimits(top_k_max=50, query_max_chars=200, heatmaps_max=2),
    )


@pytest.fixture
def app(engine: Engine) -> FastAPI:
    return create_app(engine, Settings.read(top_k_default=2, body_max_bytes=2000))


@pytest.fixture
def client(app: FastAPI) -> TestClient:
    return TestClient(app, raise_server_exceptions=False)
