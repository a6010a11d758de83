"""A small checkpoint that more than one package of the export step reads, made once a session."""

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def clip_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small CLIP checkpoint with quick_gelu."""
    from tests.export.small_checkpoints import save_clip

    folder = tmp_path_factory.mktemp("checkpoints") / "small-clip"
    save_clip(folder)
    return folder
