"""A release on S3 is taken up by whoever serves the one before, and what was fetched before goes."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from export.publish.release import ReleaseAddresses, ReleaseContents, publish_release, roll_back
from export.publish.release_state import read_state
from runtime.artefacts.manifest import read_index_manifest, read_models_manifest
from runtime.artefacts.releases.release_file import file_key
from runtime.bootstrap import EngineSource
from runtime.settings import Settings
from runtime.web.live_engine import REMOTE_S, LiveEngine
from runtime.web.schemas import SearchBody
from tests.deploy.cloud import Cloud
from tests.deploy.published import addresses_in, write_layout_before
from tests.fuzz.generations import Switchboard, generations_in, write_generations
from tests.sample_library import MODELS

if TYPE_CHECKING:
    from tests.sample_library import SampleLibrary


@pytest.fixture
def there(cloud: Cloud, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> ReleaseAddresses:
    for name, value in cloud.environment.items():
        monkeypatch.setenv(name, value)
    bucket = f"live-{abs(hash(request.node.name))}"
    cloud.make_bucket(bucket)
    return addresses_in(cloud, bucket)


@pytest.fixture
def board(sample_library: "SampleLibrary", tmp_path: Path) -> Switchboard:
    """Three generations, the first in force, with the previews of the sample library beside them."""
    write_generations(sample_library.index, tmp_path / "written", 3)
    board = Switchboard(tmp_path / "written", tmp_path / "index")
    shutil.copytree(sample_library.index / "previews", tmp_path / "index" / "previews")
    return board


@pytest.fixture
def publish(there: ReleaseAddresses, tmp_path: Path) -> Callable[[], object]:
    return lambda: publish_release(ReleaseContents(tmp_path / "index"), there)


def source_of(there: ReleaseAddresses, fetch_dir: Path) -> EngineSource:
    settings = Settings.read(models_dir=MODELS, index_url=there.index.url, fetch_dir=fetch_dir, groq_api_key="")
    return EngineSource(settings)


def met(live: LiveEngine) -> set[int]:
    """Return which generations an answer has something of."""
    engine = live.current
    return generations_in(SearchBody.model_validate(engine.search(engine.limits.check_search("a boat", 3))).model_dump())


def fetched(cache: Path) -> list[str]:
    return sorted({path.parent.name for path in (cache / "index").rglob("*") if path.is_file()})


def test_a_release_is_served_once_it_is_published_and_one_that_is_damaged_is_not(
    there: ReleaseAddresses,
    board: Switchboard,
    publish: Callable[[], object],
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    publish()
    live = LiveEngine(source_of(there, tmp_path / "cache"))
    assert live.check_s == REMOTE_S
    live.look()
    assert met(live) == {1}
    board.switch()
    publish()
    live.look()
    assert (met(live), fetched(tmp_path / "cache")) == ({2}, ["g000002"])
    board.switch()
    catalog = read_index_manifest(tmp_path / "index").catalog
    publish()
    there.index.write(file_key(3, catalog.sha256), b"\0" * catalog.bytes, cache="no-cache")
    live.look()
    assert met(live) == {2}, "a file that is not what its record says is refused"
    assert "a new release is not served" in caplog.text
    publish()  # as the message advises
    live.look()
    assert met(live) == {3}


def test_a_release_that_is_rolled_back_to_is_served_again(
    there: ReleaseAddresses, board: Switchboard, publish: Callable[[], object], tmp_path: Path
) -> None:
    publish()
    board.switch()
    publish()
    live = LiveEngine(source_of(there, tmp_path / "cache"))
    roll_back(there)
    live.look()
    assert met(live) == {1}
    assert (current := read_state(there.index).current)
    assert (current.number, current.repeats) == (3, 1)


def test_what_a_version_before_published_is_served_until_there_is_a_release(
    there: ReleaseAddresses, board: Switchboard, publish: Callable[[], object], tmp_path: Path
) -> None:
    write_layout_before(tmp_path / "index", read_index_manifest(tmp_path / "index"), there.index)
    live = LiveEngine(source_of(there, tmp_path / "cache"))
    assert met(live) == {1}
    board.switch()
    publish()
    live.look()
    assert met(live) == {2}


def test_models_from_before_stay_where_a_release_names_none(
    there: ReleaseAddresses, board: Switchboard, publish: Callable[[], object], tmp_path: Path
) -> None:
    write_layout_before(MODELS, read_models_manifest(MODELS), there.models)
    publish()
    urls = {"models_url": there.models.url, "index_url": there.index.url}
    source = EngineSource(Settings.read(**urls, fetch_dir=tmp_path / "cache", groq_api_key=""))
    assert met(LiveEngine(source)) == {board.number}
    assert source.stamp() == source.opened_stamp, "or it would be opened again at every look"
