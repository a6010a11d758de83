"""Releases that come by without files: what a source of releases is to a server."""

from collections.abc import Callable, Hashable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from runtime.engine import Engine
from runtime.web.live_engine import LiveEngine


class PlayedSource:
    """Releases by their names; `lies_there` is the one in force, and `fault` is what opening another one raises."""

    def __init__(self, make_engine: Callable[[], Engine], *, is_remote: bool = False) -> None:
        self.is_remote, self._make_engine = is_remote, make_engine
        self.opened_stamp: Hashable = None
        self.lies_there: str | None = "g1"
        self.files = "whole"
        self.fault: Exception | None = None
        self.damaged: list[Path] = []
        self.opened: list[str | None] = []
        self.dropped = 0

    def stamp(self) -> Hashable:
        return self.lies_there

    def files_stamp(self) -> Hashable:
        return self.files

    def open(self, *, warm: bool = False) -> Engine:
        self.opened.append(self.lies_there)
        if self.fault:
            raise self.fault
        engine = self._make_engine()
        engine.release = cast(Any, SimpleNamespace(generation=self.lies_there, models_name="played 1"))
        self.opened_stamp = self.lies_there
        return engine

    def drop_others(self) -> None:
        self.dropped += 1

    def find_damage(self, rest: Callable[[float], bool]) -> list[Path] | None:
        return self.damaged


def played_source(engine: Engine) -> PlayedSource:
    """Return a source whose releases answer as an engine does."""

    def another() -> Engine:
        parts = engine.encoder, engine.ranker, engine.library, engine._explainer
        return Engine(*parts, captions=engine._captions, limits=engine.limits)

    return PlayedSource(another)


def generation(live: LiveEngine) -> str:
    assert live.current.release
    return live.current.release.generation
