"""An index on S3 that is published again is taken up by whoever serves it, and what was fetched before goes."""

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from export.publish.__main__ import publish_artefact
from runtime.artefacts.manifest import MANIFEST_NAME, read_index_manifest
from runtime.bootstrap import EngineSource
from runtime.settings import Settings
from runtime.web.live import REMOTE_S, LiveEngine
from runtime.web.schemas import SearchBody
from tests.deploy.cloud import Cloud
from tests.deploy.published import folder_of
from tests.fuzz.generations import Switchboard, generations_in, write_generations
from tests.sample_library import MODELS

if TYPE_CHECKING:
    from tests.sample_library import SampleLibrary

BUCKET = "lookwhy-live"


def test_an_index_that_is_published_again_is_served(
    cloud: Cloud,
    sample_library: "SampleLibrary",
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    for name, value in cloud.environment.items():
        monkeypatch.setenv(name, value)
    cloud.make_bucket(BUCKET)
    write_generations(sample_library.index, tmp_path / "written", 3)
    board = Switchboard(tmp_path / "written", tmp_path / "index")
    there, cache = folder_of(cloud, BUCKET, "index"), tmp_path / "cache"

    def publish() -> None:
        publish_artefact(tmp_path / "index", read_index_manifest(tmp_path / "index"), there)

    def met() -> set[int]:
        engine = live.current
        return generations_in(SearchBody.model_validate(engine.search(engine.limits.check_search("a boat", 3))).model_dump())

    publish()
    url = f"s3://{BUCKET}/index"
    source = EngineSource(Settings.read(models_dir=MODELS, index_url=url, fetch_dir=cache, groq_api_key=""))
    live = LiveEngine(source)
    assert live.check_s == REMOTE_S
    live.look()
    assert met() == {1}
    board.switch()
    publish()
    live.look()
    assert met() == {2}
    assert {path.name for path in (cache / "index").iterdir()} >= {"g000002"}
    assert not list((cache / "index" / "g000001").iterdir())
    board.switch()
    catalog = read_index_manifest(tmp_path / "index").catalog
    publish()
    there.write(catalog.path, b"\0" * catalog.bytes, cache="no-cache")
    live.look()
    assert met() == {2}, "a file that is not what its record says is refused"
    assert "a new release is not served" in caplog.text
    there.write(catalog.path, tmp_path / "index" / catalog.path, cache="no-cache")
    manifest = tmp_path / "index" / MANIFEST_NAME
    manifest.write_bytes(manifest.read_bytes() + b"\n")  # S3 tells by the second when an object was written
    publish()  # as the message advises
    live.look()
    assert met() == {3}
