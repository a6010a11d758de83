"""The captions' vectors in an index: whose there are, and that none is made twice."""

import json
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from export.index.build import Models
from runtime.artefacts.manifest import MANIFEST_NAME
from runtime.stores.flat import FlatStore
from tests.export.index.small_library import (
    FINGERPRINT,
    PHOTOS,
    GridEncoder,
    MeanCaptioner,
    build,
    catalog_of,
    draw,
    draw_many,
    manifest_of,
    told_by,
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return draw_many(tmp_path / "photos", PHOTOS)


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "index"


@pytest.fixture
def encoder() -> GridEncoder:
    return GridEncoder()


@pytest.fixture
def models(encoder: GridEncoder) -> Models:
    return Models(FINGERPRINT, encoder, MeanCaptioner)


def test_every_caption_has_its_vector_under_its_pictures_id(folder: Path, out: Path, models: Models) -> None:
    build(folder, out, models)
    manifest = manifest_of(out)
    assert manifest.captions
    store = FlatStore.open(out / manifest.captions.path, manifest.dimension)
    assert store.count == len(PHOTOS)
    for row in catalog_of(out).rows:
        [expected] = models.encoder.embed_texts([row.caption or ""])
        assert store.vectors_of([row.id])[0] == pytest.approx(expected)


def captions_read(encoder: GridEncoder) -> list[str]:
    """The captions that were embedded, each as often as it was; beside them, each build embeds the nouns of all."""
    return sorted(text for text in encoder.read if text.startswith("a picture of"))


def captions_in(out: Path) -> list[str]:
    return sorted(row.caption or "" for row in catalog_of(out).rows)


def test_only_new_captions_are_embedded(folder: Path, out: Path, models: Models, encoder: GridEncoder) -> None:
    build(folder, out, models)
    assert captions_read(encoder) == captions_in(out)
    draw(folder / "new.png", 40)
    build(folder, out, models)
    assert len(captions_read(encoder)) == len(PHOTOS) + 1
    assert captions_read(encoder) == captions_in(out)


def test_twins_share_one_vector(folder: Path, out: Path, models: Models, encoder: GridEncoder) -> None:
    (folder / "twin.png").write_bytes((folder / "b.png").read_bytes())
    build(folder, out, models)
    assert captions_read(encoder) == sorted(set(captions_in(out)))
    assert len(captions_read(encoder)) == len(PHOTOS)
    manifest = manifest_of(out)
    assert manifest.captions
    assert FlatStore.open(out / manifest.captions.path, manifest.dimension).count == len(PHOTOS) + 1


def test_an_index_from_before_captions_had_vectors_gets_them_without_seeing_a_picture(
    folder: Path, out: Path, models: Models, encoder: GridEncoder
) -> None:
    build(folder, out, models)
    wanted = told_by(out)
    manifest = json.loads((out / MANIFEST_NAME).read_text())
    (out / manifest.pop("captions")["path"]).unlink()
    del manifest["calibration"]
    (out / MANIFEST_NAME).write_text(json.dumps(manifest))
    encoder.seen = 0
    build(folder, out, models)
    assert told_by(out) == wanted
    assert encoder.seen == 0


def test_an_index_without_captions_has_no_store_of_them_and_is_left_alone(folder: Path, out: Path) -> None:
    models = Models(FINGERPRINT, GridEncoder())
    build(folder, out, models)
    assert manifest_of(out).captions is None
    assert manifest_of(out).calibration is None
    assert not build(folder, out, models).written


def test_a_library_with_enough_captions_is_calibrated(tmp_path: Path, out: Path) -> None:
    folder = draw_many(tmp_path / "many", [f"{number:02d}.png" for number in range(40)])

    class Namer(MeanCaptioner):
        def caption_pixels(self, pixels: NDArray[np.float32]) -> list[str]:
            [told] = super().caption_pixels(pixels)
            number = int(float(told.split()[-1]))
            return [f"a {['red', 'blue', 'green'][number % 3]} {['boat', 'house', 'tree', 'dog'][number % 4]}"]

    build(folder, out, Models(FINGERPRINT, GridEncoder(), Namer))
    calibration = manifest_of(out).calibration
    assert calibration
    assert 20 <= calibration.fit["pictures"] <= 40, "those whose captions fit best, half of them at least"
    assert len(calibration.centroid) == 12
