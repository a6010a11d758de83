"""Releases over real artefacts: taken up while clients ask, whole, flat and clustered; what is open outlives its folder."""

import json
import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from fastapi.testclient import TestClient
from PIL import Image

from runtime.artefacts.manifest import MANIFEST_NAME, read_index_manifest
from runtime.bootstrap import EngineSource
from runtime.engine import Engine
from runtime.images import preprocess
from runtime.settings import Settings
from runtime.web.api import create_app
from runtime.web.live_engine import LiveEngine
from runtime.web.schemas import SearchBody
from tests.conftest import ROOT
from tests.fuzz.generations import QUERIES, Switchboard, generations_in, write_generations

if TYPE_CHECKING:
    from tests.sample_library import SampleLibrary

SMALL_MODELS = ROOT / "sample" / "models"


@pytest.fixture(params=["flat", "clustered"])
def board(sample_library: "SampleLibrary", tmp_path: Path, request: pytest.FixtureRequest) -> Switchboard:
    """Four generations, the first in force."""
    ivf_from = 50 if request.param == "clustered" else 10**9
    write_generations(sample_library.index, tmp_path / "written", 4, ivf_from=ivf_from)
    return Switchboard(tmp_path / "written", tmp_path / "index")


@pytest.fixture
def models(tmp_path: Path) -> Path:
    """Models of the test's own, to be replaced."""
    shutil.copytree(SMALL_MODELS, tmp_path / "models")
    return tmp_path / "models"


@pytest.fixture
def source(board: Switchboard, tmp_path: Path, models: Path) -> EngineSource:
    return EngineSource(Settings.read(models_dir=models, index_dir=tmp_path / "index", groq_api_key=""))


def search(engine: Engine, query: str = "a red boat") -> dict[str, Any]:
    return SearchBody.model_validate(engine.search(engine.limits.check_search(query, 3))).model_dump()


def test_no_answer_mixes_generations_and_none_fails_while_they_come_by(source: EngineSource, board: Switchboard) -> None:
    live = LiveEngine(source)
    client = TestClient(create_app(live, Settings.read()))

    def ask(number: int) -> set[int]:
        answer = client.post("/search", json={"query": QUERIES[number]})
        assert answer.status_code == 200, answer.text
        return generations_in(answer.json())

    met: list[set[int]] = []
    with ThreadPoolExecutor(8) as threads:
        for first in (0, 10, 20, 30):
            asked = [threads.submit(ask, number) for number in range(first, first + 10)]
            met.append(asked[0].result())  # by the generation before, while the others are on their way
            if board.number < 4:
                board.switch()
                live.look()
            met += [one.result() for one in asked[1:]]
    assert all(len(found) == 1 for found in met)
    assert set().union(*met) == {1, 2, 3, 4}


def test_an_engine_answers_on_when_all_its_files_are_gone(source: EngineSource, tmp_path: Path, models: Path) -> None:
    engine, reference = source.open(), source.open()
    found, query = search(reference), reference.limits.check_image_search("", 3)
    picture = Image.new("RGB", (50, 50), (200, 30, 30))
    alike = [hit.row.id for hit in reference.search_by_image(query, preprocess(picture, reference.preprocessing)).hits]
    shutil.rmtree(tmp_path / "index")
    shutil.rmtree(models)
    assert search(engine)["results"] == found["results"]
    assert [hit.row.id for hit in engine.search_by_image(query, preprocess(picture, reference.preprocessing)).hits] == alike


def test_a_graph_is_opened_late_as_it_was_when_others_take_its_files_places(
    source: EngineSource, models: Path, sample_library: "SampleLibrary"
) -> None:
    engine = source.open()
    with Image.open(next(sample_library.images.glob("*.jpg"))) as opened:
        picture = opened.convert("RGB")
    for name in ("clip/image", "blip/vision", "blip/decoder"):
        for end in (".onnx", ".weights"):
            (models / name).with_suffix(end).rename(models / f"{name}{end}.before")
            (models / name).with_suffix(end).write_bytes(b"of another export")
    assert engine.search_by_image(engine.limits.check_image_search("", 3), preprocess(picture, engine.preprocessing)).hits
    assert engine._captions._open_captioner
    assert engine._captions._open_captioner().caption_images([picture])[0]


@pytest.mark.parametrize("board", ["flat"], indirect=True)
def test_another_generation_shares_the_models_that_are_open(source: EngineSource, board: Switchboard) -> None:
    live = LiveEngine(source)
    encoder = live.current.encoder
    board.switch()
    live.look()
    assert live.current.encoder is encoder


@pytest.mark.parametrize("board", ["flat"], indirect=True)
def test_new_models_are_served_once_their_index_is_there(
    source: EngineSource, board: Switchboard, models: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    live = LiveEngine(source)
    manifest = json.loads((models / MANIFEST_NAME).read_text())
    manifest["blip"]["num_beams"] = 2  # another way to caption, which the index then names
    other = models.with_name("other")
    shutil.copytree(models, other)
    (other / MANIFEST_NAME).write_text(json.dumps(manifest))
    models.rename(tmp_path / "aside")
    other.rename(models)
    live.look()
    live.look()
    assert caplog.text.count("made with other models") == 1
    assert search(live.current)["results"], "those before serve on"
    index = json.loads((tmp_path / "index" / MANIFEST_NAME).read_text())
    index["models"]["blip/search"] = "2 beams, length penalty 1, early stopping False"
    (tmp_path / "index" / MANIFEST_NAME).write_text(json.dumps(index))
    live.look()
    assert live.current.release
    assert live.current.release.models.blip
    assert live.current.release.models.blip.num_beams == 2


@pytest.mark.parametrize("board", ["flat"], indirect=True)
@pytest.mark.parametrize("name", ["catalog.sqlite", "image_index.faiss", "caption_index.faiss"])
def test_a_generation_with_a_damaged_file_is_refused_until_it_is_mended(
    source: EngineSource, board: Switchboard, tmp_path: Path, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    live = LiveEngine(source)
    file = tmp_path / "written" / "g000002" / name
    whole = file.read_bytes()
    file.write_bytes(whole[:-100])
    board.switch()
    live.look()
    live.look()
    assert generations_in(search(live.current)) == {1}
    assert caplog.text.count("a new release is not served") == 1
    (tmp_path / "index" / "g000002" / name).write_bytes(whole)
    live.look()
    assert generations_in(search(live.current)) == {2}


@pytest.mark.parametrize("board", ["flat"], indirect=True)
def test_files_that_are_not_what_the_manifest_records_are_found(source: EngineSource, tmp_path: Path) -> None:
    source.open()
    assert source.find_damage(lambda _seconds: False) == []
    catalog = tmp_path / "index" / "g000001" / "catalog.sqlite"
    content = bytearray(catalog.read_bytes())
    content[-1] ^= 1
    catalog.write_bytes(content)
    assert source.find_damage(lambda _seconds: False) == [catalog]
    assert source.changed_files() == []
    os.truncate(catalog, 100)
    assert source.changed_files() == [catalog]


def test_a_number_changed_in_the_manifest_is_told(source: EngineSource, tmp_path: Path) -> None:
    source.open()
    assert source.find_damage(lambda _: False) == []
    manifest = tmp_path / "index" / MANIFEST_NAME
    given = read_index_manifest(manifest.parent)
    manifest.write_text(given.model_copy(update={"count": given.count + 1}).model_dump_json())
    assert source.find_damage(lambda _: False) == [manifest]
