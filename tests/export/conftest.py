"""A small checkpoint that more than one package of the export step reads, made once a session; and exports without plots."""

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def clip_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small CLIP checkpoint with quick_gelu."""
    from tests.export.small_checkpoints import save_clip

    folder = tmp_path_factory.mktemp("checkpoints") / "small-clip"
    save_clip(folder)
    return folder


@pytest.fixture
def without_plots(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave out the report's picture, which takes as long as a small export; `models/test_export.py` looks at one."""
    monkeypatch.setattr("export.models.plots.draw_plots", lambda *_: None)
