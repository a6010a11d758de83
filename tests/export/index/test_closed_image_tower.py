"""The image tower's memory is given back before the captioner opens: no build needs both."""

from dataclasses import replace
from pathlib import Path

import pytest

from export.index.chosen_models import open_models
from runtime.models.clip import ClipEncoder
from tests.export.index.small_library import MeanCaptioner, build, catalog_of, draw, draw_many
from tests.sample_library import MODELS


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return draw_many(tmp_path / "pictures", ["a.png", "b.png"])


def test_it_is_closed_before_the_captioner_opens_and_opened_for_the_next_picture(folder: Path, out: Path) -> None:
    models = open_models(MODELS)
    encoder = models.encoder
    assert isinstance(encoder, ClipEncoder)
    open_in_captioning: list[bool] = []

    def open_captioner() -> MeanCaptioner:
        open_in_captioning.append(encoder.image_tower_is_open)
        return MeanCaptioner()

    models = replace(models, open_captioner=open_captioner)
    build(folder, out, models)
    draw(folder / "c.png", 3)
    assert build(folder, out, models).encoded == 1
    assert open_in_captioning == [False, False]
    assert [bool(row.caption) for row in catalog_of(out).rows] == [True] * 3


def test_it_stays_open_where_nothing_is_captioned(folder: Path, out: Path) -> None:
    models = replace(open_models(MODELS), open_captioner=None)
    build(folder, out, models)
    assert isinstance(models.encoder, ClipEncoder)
    assert models.encoder.image_tower_is_open
