"""The image tower's memory is given back before the captioner opens: no build needs both."""

from dataclasses import replace
from pathlib import Path

import pytest

from export.index.chosen_models import open_models
from tests.export.index.small_library import MeanCaptioner, build, catalog_of, draw, draw_many
from tests.runtime.models.opened_graphs import OpenedGraphs
from tests.sample_library import MODELS

TEXT, IMAGE = "clip/text.onnx", "clip/image.onnx"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return draw_many(tmp_path / "pictures", ["a.png", "b.png"])


def test_it_is_closed_before_the_captioner_opens_and_opened_for_the_next_picture(
    folder: Path, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    graphs, open_beside_captioner = OpenedGraphs(monkeypatch), list[list[str]]()

    def open_captioner() -> MeanCaptioner:
        open_beside_captioner.append(graphs.still_open())
        return MeanCaptioner()

    models = replace(open_models(MODELS), open_captioner=open_captioner)
    build(folder, out, models)
    draw(folder / "c.png", 3)
    assert build(folder, out, models).encoded == 1
    assert open_beside_captioner == [[TEXT], [TEXT]]
    assert graphs.opened == [TEXT, IMAGE, IMAGE]
    assert [bool(row.caption) for row in catalog_of(out).rows] == [True] * 3


def test_it_stays_open_where_nothing_is_captioned(folder: Path, out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    graphs = OpenedGraphs(monkeypatch)
    models = replace(open_models(MODELS), open_captioner=None)
    build(folder, out, models)
    assert graphs.still_open() == [TEXT, IMAGE]
