"""Which graphs an encoder opened, and which of them are still in memory."""

import weakref
from typing import Any

import pytest

from runtime.models import clip
from runtime.models.onnx_session import Session, open_graph


class OpenedGraphs:
    """Stands between an encoder and onnxruntime; `opened` are the names of all graphs, in their order."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.opened: list[str] = []
        self._sessions: list[weakref.ref[Session]] = []
        monkeypatch.setattr(clip, "open_graph", self._open)

    def still_open(self) -> list[str]:
        return [session.name for reference in self._sessions if (session := reference())]

    def _open(self, *given: Any, **options: Any) -> Session:
        session = open_graph(*given, **options)
        self.opened.append(session.name)
        self._sessions.append(weakref.ref(session))
        return session
