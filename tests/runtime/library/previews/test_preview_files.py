"""Which pictures models see by their preview, and which they read themselves."""

from pathlib import Path

import pytest
from PIL import Image

from runtime.errors import ImageNotFound
from runtime.library.catalog import Library
from runtime.library.image_rows import ImageRow
from runtime.library.previews.kept_previews import Previews
from runtime.library.previews.pictures_for_models import opened_for_models
from runtime.library.previews.preview_files import preview_path

SHA256 = "ab" * 32


@pytest.fixture
def index(tmp_path: Path) -> Path:
    """A folder with a preview of one picture, in red."""
    path = preview_path(tmp_path, SHA256, 1600)
    path.parent.mkdir(parents=True)
    Image.new("RGB", (160, 120), "red").save(path)
    return tmp_path


def test_previews_lie_by_the_content_of_their_picture() -> None:
    assert preview_path(Path("index"), SHA256, 512) == Path("index", "previews", "ab", f"{SHA256}.512.jpg")


def test_a_large_picture_is_seen_by_its_preview_and_laid_out_by_its_own_size(index: Path) -> None:
    preview = Previews(index).read(SHA256, 4000, 3000)
    assert preview is not None
    assert (preview.image.size, preview.width, preview.height, preview.scaled_from) == ((160, 120), 4000, 3000, (4000, 3000))


@pytest.mark.parametrize(
    ("sha256", "width", "height"),
    [(SHA256, 1600, 1200), (SHA256, 8000, 2000), (SHA256, 0, 4000), ("cd" * 32, 4000, 3000), ("../" * 20, 4000, 3000)],
    ids=["no larger than a preview", "narrow", "no size", "without a preview", "no sha256"],
)
def test_other_pictures_are_read_themselves(index: Path, sha256: str, width: int, height: int) -> None:
    assert Previews(index).read(sha256, width, height) is None


@pytest.mark.parametrize("content", [b"", b"half a preview"])
def test_a_damaged_preview_is_passed_over(index: Path, content: bytes) -> None:
    preview_path(index, SHA256, 1600).write_bytes(content)
    assert Previews(index).read(SHA256, 4000, 3000) is None


def test_only_an_index_of_scaled_pictures_has_them_seen_by_previews(index: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    library = Library.__new__(Library)
    library.previews = Previews(index)
    row = ImageRow(1, "red.png", SHA256, 1, 4000, 3000, None)

    def refuse(_: Library, row: ImageRow) -> None:
        raise ImageNotFound(row.image_path)

    monkeypatch.setattr(Library, "opened_picture", refuse)
    library.decode_rule = "scaled"
    with opened_for_models(library, row) as opened:
        assert opened.image.getpixel((0, 0)) == pytest.approx((254, 0, 0), abs=2)
    library.decode_rule = "exact"
    with pytest.raises(ImageNotFound), opened_for_models(library, row):
        pass
