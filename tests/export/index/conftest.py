"""Small folders of pictures, and where an index of them is to be."""

import os
from pathlib import Path

import pytest

from tests.export.index.counted_models import COUNT
from tests.export.index.small_library import FEW_QUESTIONS, PHOTOS, draw_many


@pytest.fixture(autouse=True)
def few_questions(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fit calibrations to few questions: with all of them it takes longer than all else of a small build."""
    monkeypatch.setattr("export.index.probabilities.fit_calibration.QUESTIONS", FEW_QUESTIONS)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The pictures `PHOTOS`, old enough that their times are trusted."""
    folder = draw_many(tmp_path / "photos", PHOTOS)
    for name in PHOTOS:
        os.utime(folder / name, (1_600_000_000, 1_600_000_000))
    return folder


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """Where an index is to be, not there yet."""
    return tmp_path / "artefacts" / "index"


@pytest.fixture
def many(tmp_path: Path) -> Path:
    """Pictures enough for a calibration."""
    return draw_many(tmp_path / "many", [f"{number:02}.png" for number in range(COUNT)])
