"""The graphs that read text: which are taken, and what is said where they are absent or others."""

import sys
from pathlib import Path

import pytest

from export.errors import TextModelsMissing
from export.index.text.models import DETECTOR, SHA256, WHEEL, find_text_reader


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where a package of the wheel's name keeps its graphs; to import it is an error."""
    package = tmp_path / WHEEL
    (package / "models").mkdir(parents=True)
    (package / "__init__.py").write_text("raise ImportError('nothing of it is used')")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, WHEEL, raising=False)
    return package / "models"


def test_graphs_that_are_not_there_are_named_with_the_command_that_brings_them(folder: Path) -> None:
    with pytest.raises(TextModelsMissing, match=rf"has no {DETECTOR}.*pip install --no-deps rapidocr=="):
        find_text_reader()


def test_other_graphs_are_not_used(folder: Path) -> None:
    for name in SHA256:
        (folder / name).write_bytes(b"another")
    with pytest.raises(TextModelsMissing, match="is another file than the one"):
        find_text_reader()


def test_without_the_package_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(TextModelsMissing, match="they are not installed"):
        find_text_reader()
