"""The graph that glances: made once, kept, as good as the exact one, and done without where it cannot be made."""

import importlib.util
import shutil
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from export.errors import OutputUnwritable, TextModelsMissing
from export.index.text import quick_graph
from export.index.text.models import DETECTOR, find_text_reader, text_models_folder
from export.index.text.quick_graph import draw_scenes, find_quick_graph


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The quick graph, made once for all, from fewer pictures than a build draws."""
    pytest.importorskip("onnx", reason="the extra `export` is not installed")
    kept = tmp_path_factory.mktemp("index")
    try:
        detector = text_models_folder() / DETECTOR
    except TextModelsMissing as missing:
        pytest.skip(str(missing))
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(quick_graph, "SCENES", 2)
        found = find_quick_graph(detector, kept)
    assert found is not None
    return found


@pytest.fixture
def index_dir(made: Path, tmp_path: Path) -> Path:
    """An index's folder that has the graph."""
    shutil.copy(made, tmp_path)
    return tmp_path


@pytest.fixture
def never_made(monkeypatch: pytest.MonkeyPatch) -> None:
    def make(*_: object) -> Path:
        pytest.fail("it was made again")

    monkeypatch.setattr(quick_graph, "_make", make)


def street(text: str, height: int) -> Image.Image:
    """A noisy picture of a preview's size with one line of text."""
    chance = np.random.default_rng(3)
    picture = Image.fromarray(chance.integers(60, 120, (1200, 1600, 3), dtype=np.uint8))
    ImageDraw.Draw(picture).text((900, 300), text, font=ImageFont.load_default(height), fill="white")
    return picture


@pytest.fixture
def no_onnx(monkeypatch: pytest.MonkeyPatch) -> None:
    there = importlib.util.find_spec
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None if name == "onnx" else there(name))


@pytest.mark.usefixtures("never_made", "no_onnx")
def test_what_was_kept_is_used_again_also_without_onnx(made: Path, index_dir: Path) -> None:
    assert find_quick_graph(text_models_folder() / DETECTOR, index_dir) == index_dir / made.name
    assert made.stat().st_size < 4_000_000


@pytest.mark.usefixtures("never_made", "no_onnx")
def test_a_damaged_one_is_not_used_and_goes(made: Path, index_dir: Path) -> None:
    (index_dir / made.name).write_bytes(made.read_bytes()[:-1])
    assert find_quick_graph(text_models_folder() / DETECTOR, index_dir) is None
    assert list(index_dir.iterdir()) == []


@pytest.mark.usefixtures("never_made", "no_onnx")
def test_another_detectors_graph_is_not_taken(index_dir: Path) -> None:
    (index_dir / "other.onnx").write_bytes(b"another")
    assert find_quick_graph(index_dir / "other.onnx", index_dir) is None


@pytest.mark.usefixtures("made")
def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "made.onnx").write_bytes(b"made")
    monkeypatch.setattr(quick_graph, "_make", lambda *_: tmp_path / "made.onnx")
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(OutputUnwritable):
        find_quick_graph(text_models_folder() / DETECTOR, tmp_path / "file" / "index")


@pytest.mark.usefixtures("never_made")
def test_it_sees_what_the_exact_graph_sees_and_the_words_are_the_same(index_dir: Path) -> None:
    exact, quick = find_text_reader()(), find_text_reader(index_dir)()
    picture = street("Harbour Street", 40)
    assert exact.glance(picture)
    assert quick.glance(picture)
    small = picture.crop((880, 280, 1360, 400))  # no larger than a glance takes
    words = quick.read(quick.prepare(small))
    assert [word.text for word in words] == ["Harbour", "Street"]
    assert words == exact.read(exact.prepare(small))


def test_the_drawn_pictures_are_the_same_everywhere() -> None:
    first, second = ([np.asarray(one) for one in islice(draw_scenes(), 2)] for _ in range(2))
    assert all(np.array_equal(one, other) for one, other in zip(first, second, strict=True))
    assert [one.shape for one in first] == [(352, 480, 3), (480, 352, 3)]
