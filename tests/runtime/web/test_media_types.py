"""A file's type does not depend on what the machine says of its suffix."""

import mimetypes

import pytest

from runtime.web.media_types import UNKNOWN, media_type_of
from tests.conftest import ROOT


@pytest.fixture
def other_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine whose table is as a program of Windows left it: without pictures, and with scripts as plain text."""
    media_type_of.__globals__["_types"].cache_clear()
    mimetypes.init(files=())
    for table in (mimetypes.types_map, mimetypes.common_types):
        monkeypatch.setitem(table, ".js", "text/plain")
        monkeypatch.delitem(table, ".webp", raising=False)


@pytest.mark.usefixtures("other_machine")
@pytest.mark.parametrize(
    ("name", "media_type"),
    [
        ("a/photo.webp", "image/webp"),
        ("IMG 1.AVIF", "image/avif"),
        ("page/app.js", "text/javascript"),
        ("manifest.webmanifest", "application/manifest+json"),
        ("photo.jpg", "image/jpeg"),
        ("styles.css", "text/css"),
        ("clip_text.onnx", UNKNOWN),
        ("a name without one", UNKNOWN),
    ],
)
def test_a_name_tells_one_type_on_every_machine(name: str, media_type: str) -> None:
    assert media_type_of(name) == media_type


def test_every_file_of_the_page_has_a_type() -> None:
    files = [file.name for file in (ROOT / "frontend").rglob("*") if file.is_file()]
    assert [name for name in files if media_type_of(name) == UNKNOWN] == []
