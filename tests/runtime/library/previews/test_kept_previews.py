"""Where previews are kept: beside the index, or in a cache that stays small; and what is published is fetched."""

import os
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from runtime.artefacts.remote.aws import Bucket
from runtime.artefacts.remote.fetch_dir import own_folder
from runtime.errors import ImageNotFound, RemoteRefused
from runtime.library.previews.kept_previews import Previews
from runtime.library.previews.made_previews import preview_of
from runtime.library.previews.preview_cache import PreviewCache
from runtime.library.previews.preview_files import preview_path
from runtime.settings import Settings
from tests.runtime.images.odd_pictures import encoded, noise
from tests.runtime.picture_library import make_library

JPEG = b"\xff\xd8 a picture \xff\xd9"
ONE, OTHER = "ab" * 32, "cd" * 32


class Published(Bucket):
    """A bucket with one preview. Counts what is asked for."""

    def __init__(self, content: bytes) -> None:
        super().__init__("s3://bucket/previews", "")
        self.content, self.asked = content, list[str]()

    def chunks(self, path: str) -> Iterator[bytes]:
        self.asked.append(path)
        if path != f"ab/{ONE}.512.jpg":
            raise RemoteRefused(path, "there is no such object", "")
        yield self.content[:5]
        yield self.content[5:]


class Usage(NamedTuple):
    total: int
    used: int
    free: int


@pytest.fixture
def index_dir(tmp_path: Path) -> Path:
    (tmp_path / "index").mkdir()
    return tmp_path / "index"


def cache(folder: Path, max_bytes: int = 1000) -> PreviewCache:
    return PreviewCache(lambda: own_folder(folder), max_bytes)


def found(previews: Previews, sha256: str, edge: int = 512) -> bytes | None:
    file = previews.find(sha256, edge)
    if file is None:
        return None
    with file:
        return file.content.read()


def test_previews_lie_beside_the_index_by_the_first_letters_of_their_name(index_dir: Path) -> None:
    Previews(index_dir).keep(ONE, {512: JPEG, 1600: JPEG + JPEG})
    assert preview_path(index_dir, ONE, 512) == index_dir / "previews" / "ab" / f"{ONE}.512.jpg"
    again = Previews(index_dir)
    assert (found(again, ONE), found(again, ONE, 1600), found(again, OTHER)) == (JPEG, JPEG + JPEG, None)
    assert sorted(path.suffix for path in index_dir.rglob("*") if path.is_file()) == [".jpg", ".jpg"]


@pytest.mark.parametrize("name", ["../" * 30 + "etc", "AB" * 32, "ab", "", f"{ONE}\n", "\ud800" * 64])
def test_what_is_no_sha256_names_no_preview(index_dir: Path, name: str) -> None:
    assert Previews(index_dir).find(name, 512) is None


def test_a_link_is_no_preview(index_dir: Path, tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(JPEG)
    path = preview_path(index_dir, ONE, 512)
    path.parent.mkdir(parents=True)
    path.symlink_to(tmp_path / "secret")
    assert Previews(index_dir).find(ONE, 512) is None


def test_where_the_index_cannot_be_written_a_cache_keeps_them_and_those_of_the_build_are_found(
    index_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Previews(index_dir).keep(ONE, {512: JPEG})
    monkeypatch.setattr(os, "access", lambda *_: False)  # root, as whom containers run tests, may write everything
    previews = Previews(index_dir, cache=cache(tmp_path / "cache"))
    previews.keep(OTHER, {512: JPEG})
    assert (found(previews, ONE), found(previews, OTHER)) == (JPEG, JPEG)
    assert not preview_path(index_dir, OTHER, 512).exists()
    assert stat.S_IMODE((tmp_path / "cache").stat().st_mode) == 0o700


def test_no_cache_is_made_where_the_index_is_written_to(index_dir: Path, tmp_path: Path) -> None:
    previews = Previews(index_dir, cache=cache(tmp_path / "cache"))
    previews.keep(ONE, {512: JPEG})
    assert found(previews, OTHER) is None
    assert not (tmp_path / "cache").exists()


def test_a_cache_stays_below_its_size_and_the_oldest_go(tmp_path: Path) -> None:
    kept = cache(tmp_path / "cache", 10 * len(JPEG))
    previews = Previews(cache=kept)
    names = [f"{number:02x}" * 32 for number in range(40)]
    for age, name in enumerate(names):
        previews.keep(name, {512: JPEG})
        os.utime(preview_path(tmp_path / "cache", name, 512), (age, age))
        used = sum(path.stat().st_size for path in (tmp_path / "cache").rglob("*.jpg"))
        assert used <= 10 * len(JPEG)
    assert (found(previews, names[-1]), found(previews, names[0])) == (JPEG, None)
    shutil.rmtree(tmp_path / "cache")
    assert found(previews, names[-1]) is None


def test_a_folder_that_may_not_be_used_costs_previews_and_nothing_else(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "cache").symlink_to(tmp_path / "elsewhere")
    previews = Previews(cache=cache(tmp_path / "cache"))
    for _ in range(3):
        previews.keep(ONE, {512: JPEG})
        assert found(previews, ONE) is None
    assert len(caplog.records) == 1
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_a_disk_that_is_nearly_full_gets_no_previews(index_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(10**12, 10**12 - 10**9, 10**9))
    Previews(index_dir).keep(ONE, {512: JPEG})
    assert list(index_dir.iterdir()) == []


def test_a_published_preview_is_fetched_once(tmp_path: Path) -> None:
    published = Published(JPEG)
    previews = Previews(cache=cache(tmp_path / "cache"), published=published)
    assert (found(previews, ONE), found(previews, ONE)) == (JPEG, JPEG)
    assert found(previews, OTHER) is None
    assert published.asked == [f"{name}.512.jpg" for name in (ONE, f"ab/{ONE}", OTHER, f"cd/{OTHER}")]


@pytest.mark.parametrize("content", [b"", b"<html>", JPEG[:-2], JPEG * 1_000_000])
def test_what_is_published_and_no_preview_is_not_kept(tmp_path: Path, content: bytes) -> None:
    assert found(Previews(cache=cache(tmp_path / "cache"), published=Published(content)), ONE) is None


def test_models_see_the_larger_preview_where_there_are_no_pictures(index_dir: Path, tmp_path: Path) -> None:
    content = encoded(noise(60, 40), "PNG")
    library = make_library(tmp_path, {"a.png": content})
    library.previews = Previews(index_dir)
    [row] = library.rows([1])
    made = preview_of(library, row.sha256, 512)
    assert not isinstance(made, bytes)
    made.close()
    shutil.rmtree(tmp_path / "images")
    with library.opened_picture(row) as opened:
        assert opened.image.size == (60, 40)
    shutil.rmtree(index_dir / "previews")
    with pytest.raises(ImageNotFound), library.opened_picture(row):
        pass


@pytest.mark.parametrize(
    ("base", "url"),
    [("/previews", f"/previews/{ONE}.512.jpg"), ("https://cdn/p/", f"https://cdn/p/{ONE}.512.jpg"), (None, None)],
)
def test_the_address_of_a_preview(base: str | None, url: str | None) -> None:
    assert Previews(base_url=base).url(ONE) == url


def test_settings_say_where_previews_are() -> None:
    def said(**given: Any) -> str | None:
        return Settings.read(**given).shown_previews_url

    assert said() == "/previews"
    assert said(image_base_url="/pictures") == "/previews"
    assert said(image_base_url="https://cdn/images") is None
    assert said(image_base_url="https://cdn/images", preview_base_url="https://cdn/previews/") == "https://cdn/previews"
