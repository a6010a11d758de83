"""Small pictures and the models that see them without seeing: what the tests of the index build from."""

import io
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from rich.console import Console

from export.index.build import BuildOptions, Models, Summary, build_index
from export.index.catalog import Catalog, read_catalog
from runtime.artefacts.manifest import IndexManifest, read_index_manifest
from runtime.stores.opening import open_stores

DIMENSION = 12
FEW_QUESTIONS = 50  # for a calibration that no test looks into
PHOTOS = ["b.png", "a.jpg", "sub/deeper/c.webp", "sub/d.bmp"]
FINGERPRINT = {"clip/image.onnx": "1" * 64, "blip/vision.onnx": "2" * 64}


class GridEncoder:
    """Embeds a picture as its 2 x 2 thumbnail; counts pictures, keeps texts, and takes `seconds` for each picture."""

    dimension = DIMENSION

    def __init__(self, seconds: float = 0.0) -> None:
        self.seconds, self.seen = seconds, 0
        self.read: list[str] = []

    def prepare(self, image: Image.Image, scaled_from: tuple[int, int] | None = None) -> NDArray[np.float32]:
        return np.asarray(image.resize((2, 2)), np.float32).transpose(2, 0, 1)

    def embed_pixels(self, pixels: NDArray[np.float32]) -> NDArray[np.float32]:
        self.seen += len(pixels)
        time.sleep(self.seconds * len(pixels))  # a model that takes time, so that a build can be stopped while it runs
        vectors = pixels.reshape(len(pixels), DIMENSION) + 1.0
        unit: NDArray[np.float32] = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
        return unit

    def embed_texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Embed a text by the counts of its characters."""
        self.read += texts
        counts = np.array([np.bincount([ord(one) % DIMENSION for one in text], minlength=DIMENSION) for text in texts])
        unit: NDArray[np.float32] = (counts / np.linalg.norm(counts, axis=1, keepdims=True)).astype(np.float32)
        return unit


class MeanCaptioner:
    """Describes a picture by its mean brightness."""

    batch_invariant = False

    def prepare(self, image: Image.Image, scaled_from: tuple[int, int] | None = None) -> NDArray[np.float32]:
        return np.asarray(image.resize((2, 2)), np.float32).transpose(2, 0, 1)

    def caption_pixels(self, pixels: NDArray[np.float32]) -> list[str]:
        return [f"a picture of brightness {one.mean():.3f}" for one in pixels]


def small_models(seconds: float = 0.0) -> Models:
    return Models(FINGERPRINT, GridEncoder(seconds), MeanCaptioner)


def draw(path: Path, seed: int, size: tuple[int, int] = (16, 12)) -> Path:
    """Write a picture that no other seed makes, in the format of its suffix."""
    path.parent.mkdir(parents=True, exist_ok=True)
    cells = np.random.default_rng(seed).integers(0, 255, (3, 4, 3), dtype=np.uint8)
    Image.fromarray(cells).resize(size, Image.Resampling.NEAREST).save(path)
    return path


def draw_many(folder: Path, names: Iterable[str]) -> Path:
    for seed, name in enumerate(names):
        draw(folder / name, seed)
    return folder


def build(folder: Path, out: Path, models: Models | None = None, options: BuildOptions | None = None) -> Summary:
    console = Console(file=io.StringIO())
    return build_index(folder, out, models=models or small_models(), console=console, options=options)


def said_by(folder: Path, out: Path, models: Models | None = None, options: BuildOptions | None = None) -> str:
    """Build, and return what the terminal would have shown."""
    shown = io.StringIO()
    console = Console(file=shown, width=200)
    build_index(folder, out, models=models or small_models(), console=console, options=options)
    return shown.getvalue()


def reasons(summary: Summary) -> dict[str, str]:
    return {image.name: image.reason for image in summary.skipped}


def manifest_of(out: Path) -> IndexManifest:
    return read_index_manifest(out)


def catalog_of(out: Path) -> Catalog:
    return read_catalog(out / manifest_of(out).catalog.path)


def ids_by_path(out: Path) -> dict[str, int]:
    return {row.image_path: row.id for row in catalog_of(out).rows}


def told_by(out: Path) -> tuple[Sequence[tuple[object, ...]], bytes, list[tuple[str, str]]]:
    """Return all that a reader can learn from an index: rows, the bytes of the vectors and the calibration, reasons."""
    manifest, catalog = manifest_of(out), catalog_of(out)
    store, captions = open_stores(out, manifest)
    rows = [
        (row.id, row.image_path, row.sha256, row.width, row.height, row.caption, row.caption_source, row.other_captions)
        for row in catalog.rows
    ]
    vectors = store.vectors_of([row.id for row in catalog.rows]).tobytes()
    if captions:
        vectors += captions.vectors_of([row.id for row in catalog.rows if row.caption]).tobytes()
        vectors += str(manifest.calibration).encode()
    return rows, vectors, [(image.name, image.reason) for image in catalog.skipped]


def times_below(out: Path) -> dict[str, int]:
    """Return the mtime of the folder and of everything in it, by path."""
    return {str(path): path.stat().st_mtime_ns for path in [out, *out.rglob("*")]}
