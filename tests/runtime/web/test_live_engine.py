"""Another release takes the place of the one that is served: at once, whole, and only where it can be served."""

import gc
import logging
import threading
import weakref
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from runtime.engine import Engine
from runtime.errors import ArtefactCorrupt, LookwhyError, RemoteRefused
from runtime.settings import Settings
from runtime.web.api import create_app
from runtime.web.live_engine import HERE_S, REMOTE_S, LiveEngine
from tests.runtime.web.played_releases import PlayedSource, generation, played_source


@pytest.fixture
def source(engine: Engine) -> PlayedSource:
    return played_source(engine)


@pytest.fixture
def live(source: PlayedSource) -> LiveEngine:
    return LiveEngine(source)


def test_another_release_is_served_and_told_in_one_line(
    live: LiveEngine, source: PlayedSource, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    source.lies_there = "g2"
    live.look()
    live.look()
    assert (generation(live), source.opened, source.dropped) == ("g2", ["g1", "g2"], 1)
    [line] = [record.getMessage() for record in caplog.records if record.name == "runtime.web.live_engine"]
    assert "g2" in line
    assert "g1" in line


def test_the_release_before_comes_back_by_the_same_way(live: LiveEngine, source: PlayedSource) -> None:
    for name in ("g2", "g1"):
        source.lies_there = name
        live.look()
        assert generation(live) == name


def test_while_folders_are_exchanged_nothing_is_opened(live: LiveEngine, source: PlayedSource) -> None:
    source.lies_there = None
    live.look()
    assert source.opened == ["g1"]


@pytest.mark.parametrize(
    "fault", [ArtefactCorrupt("catalog.sqlite", "it is cut short", "Build it."), ZeroDivisionError("x")]
)
def test_a_release_that_cannot_be_served_is_told_once_and_tried_again_once_its_files_change(
    live: LiveEngine, source: PlayedSource, caplog: pytest.LogCaptureFixture, fault: Exception
) -> None:
    source.lies_there, source.fault = "g2", fault
    for _ in range(3):
        live.look()
    assert (generation(live), source.opened) == ("g1", ["g1", "g2"])
    assert caplog.text.count("a new release is not served") == 1
    source.files, source.fault = "mended", None
    live.look()
    assert generation(live) == "g2"


def test_a_fault_of_the_network_is_told_once_and_tried_again_each_time(
    live: LiveEngine, source: PlayedSource, caplog: pytest.LogCaptureFixture
) -> None:
    source.lies_there, source.fault = "g2", RemoteRefused("s3://b", "no answer", "Look.")
    for _ in range(3):
        live.look()
    assert source.opened == ["g1", "g2", "g2", "g2"]
    assert caplog.text.count("a new release is not served") == 1
    source.fault = None
    live.look()
    assert generation(live) == "g2"


def test_without_a_first_release_there_is_no_start(source: PlayedSource) -> None:
    source.fault = ArtefactCorrupt("manifest.json", "it is none", "Build it.")
    with pytest.raises(LookwhyError):
        LiveEngine(source)


def test_how_often_is_looked_depends_on_where_the_release_lies(source: PlayedSource) -> None:
    assert LiveEngine(source).check_s == HERE_S
    source.is_remote = True
    assert LiveEngine(source).check_s == REMOTE_S
    assert LiveEngine(source, check_s=7).check_s == 7


@pytest.fixture
def without_collector() -> Iterator[None]:
    """Python frees by counting references alone, so that a circle would show."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("without_collector")
def test_a_request_ends_with_the_engine_that_it_began_with_and_then_that_one_goes(
    live: LiveEngine, source: PlayedSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    began, may_end = threading.Event(), threading.Event()
    searched: list[str] = []
    hits = Engine._hits

    def slow_hits(self: Engine, *arguments: Any) -> Any:
        searched.append(generation_of(self))
        if len(searched) == 1:
            began.set()
            assert may_end.wait(60)
        searched.append(generation_of(self))
        return hits(self, *arguments)

    monkeypatch.setattr(Engine, "_hits", slow_hits)
    before = weakref.ref(live.current)
    client = TestClient(create_app(live, Settings.read()))
    with ThreadPoolExecutor() as threads:
        asked = threads.submit(client.post, "/search", json={"query": "red"})
        assert began.wait(60)
        source.lies_there = "g2"
        live.look()
        assert client.get("/readyz").json()["generation"] == "g2"
        assert before() is not None, "a request still uses it"
        may_end.set()
        assert asked.result().status_code == 200
    assert searched == ["g1", "g1"]
    assert before() is None


def generation_of(engine: Engine) -> str:
    assert engine.release
    return engine.release.generation


def ended(live: LiveEngine) -> None:
    """Wait for the check of files."""
    for thread in threading.enumerate():
        if thread.name == "damage":
            thread.join()


def test_damaged_files_are_told_in_one_line_and_to_whoever_asks(
    source: PlayedSource, caplog: pytest.LogCaptureFixture
) -> None:
    live = LiveEngine(source, check_s=0)
    client = TestClient(create_app(live, Settings.read()))
    assert client.get("/readyz").json()["damage"] is None
    source.damaged = [Path("/srv/private/index/g1/catalog.sqlite")]
    live.watch()
    ended(live)
    assert client.get("/readyz").json()["damage"] == ["g1/catalog.sqlite"]
    [line] = [record.getMessage() for record in caplog.records]
    assert "/srv/private/index/g1/catalog.sqlite" in line


def test_whole_files_are_told_without_a_line(source: PlayedSource, caplog: pytest.LogCaptureFixture) -> None:
    live = LiveEngine(source, check_s=0)
    live.watch()
    ended(live)
    assert live.current.damage == ()
    assert not caplog.records
