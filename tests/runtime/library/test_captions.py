"""Captions made while searching: who waits for whom, what is remembered, and what is kept for the next process."""

import sqlite3
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import closing, suppress
from pathlib import Path

import pytest
from PIL import Image

from runtime.artefacts.file_record import sha256_of
from runtime.library import captions as captions_module
from runtime.library.caption_file import FILE_NAME, CaptionFile
from runtime.library.captions import Captions
from runtime.library.catalog import Library
from runtime.library.image_rows import CATALOG_SCHEMA, ImageRow

SIZES = [(10, 10), (20, 10), (30, 10), (40, 10)]
CAPTIONED = 4  # the id of the picture that has a caption in the index
MODELS = {"blip/vision.onnx": "11"}
INSERT = (
    "INSERT INTO images (id, image_path, sha256, bytes, mtime_ns, width, height, caption) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
)


class WidthCaptioner:
    """Says how wide a picture is, once `may_go_on` is set; remembers the widths."""

    def __init__(self) -> None:
        self.widths: list[int] = []
        self.at_work, self.may_go_on = threading.Event(), threading.Event()
        self.may_go_on.set()

    def caption_images(self, images: Sequence[Image.Image]) -> list[str]:
        self.at_work.set()
        assert self.may_go_on.wait(60)
        self.widths += [image.width for image in images]
        return [f"{image.width} wide" for image in images]


@pytest.fixture
def images(tmp_path: Path) -> Path:
    folder = tmp_path / "images"
    folder.mkdir()
    for width, height in SIZES:
        Image.new("RGB", (width, height)).save(folder / f"{width}.png")
    return folder


@pytest.fixture
def library(tmp_path: Path, images: Path) -> Library:
    with closing(sqlite3.connect(tmp_path / "catalog.sqlite")) as connection:
        connection.executescript(CATALOG_SCHEMA)
        for image_id, (width, height) in enumerate(SIZES, start=1):
            file = images / f"{width}.png"
            caption = "from the index" if image_id == CAPTIONED else None
            row = (image_id, file.name, sha256_of(file), file.stat().st_size, 0, width, height, caption)
            connection.execute(INSERT, row)
        connection.commit()
    return Library(tmp_path / "catalog.sqlite", images)


@pytest.fixture
def index_dir(tmp_path: Path) -> Path:
    folder = tmp_path / "index"
    folder.mkdir()
    return folder


@pytest.fixture
def captioner() -> WidthCaptioner:
    return WidthCaptioner()


@pytest.fixture
def captions(library: Library, captioner: WidthCaptioner, index_dir: Path) -> Captions:
    return Captions(library, lambda: captioner, CaptionFile(index_dir, MODELS))


def rows_of(library: Library, *ids: int) -> list[ImageRow]:
    return library.rows(ids)


def never_opened() -> WidthCaptioner:
    raise AssertionError("the captioner was opened")


def test_known_captions_do_not_wait_while_another_search_is_captioning(
    captions: Captions, library: Library, captioner: WidthCaptioner
) -> None:
    captions.of_rows(rows_of(library, 1))
    captioner.at_work.clear()
    captioner.may_go_on.clear()
    with ThreadPoolExecutor() as pool:
        busy = pool.submit(captions.of_rows, rows_of(library, 2))
        assert captioner.at_work.wait(60)
        known = pool.submit(captions.of_rows, rows_of(library, 1, CAPTIONED))
        done, _ = wait([known], timeout=60)
        still_busy = not busy.done()
        captioner.may_go_on.set()
        assert known in done
        assert still_busy
        assert known.result() == [("10 wide", "live"), ("from the index", "index")]
        assert busy.result() == [("20 wide", "live")]


def test_captions_kept_by_another_process_do_not_wait_either(
    captions: Captions, library: Library, captioner: WidthCaptioner, index_dir: Path
) -> None:
    captioner.may_go_on.clear()
    CaptionFile(index_dir, MODELS).write(library.rows([1])[0].sha256, "made elsewhere")
    with ThreadPoolExecutor() as pool:
        busy = pool.submit(captions.of_rows, rows_of(library, 2))
        assert captioner.at_work.wait(60)
        known = pool.submit(captions.of_rows, rows_of(library, 1))
        done, _ = wait([known], timeout=60)
        captioner.may_go_on.set()
        assert known in done
        assert known.result() == [("made elsewhere", "live")]
        busy.result()


def test_two_searches_that_need_the_same_picture_caption_it_once(
    captions: Captions, library: Library, captioner: WidthCaptioner
) -> None:
    captioner.may_go_on.clear()
    with ThreadPoolExecutor() as pool:
        searches = [pool.submit(captions.of_rows, rows_of(library, 1, 2)) for _ in range(4)]
        assert captioner.at_work.wait(60)
        captioner.may_go_on.set()
        assert {tuple(search.result()) for search in searches} == {(("10 wide", "live"), ("20 wide", "live"))}
    assert sorted(captioner.widths) == [10, 20]


@pytest.mark.parametrize("wanted", [(1, 1), (1, 2)])
def test_no_two_searches_caption_at_once(
    library: Library, captioner: WidthCaptioner, monkeypatch: pytest.MonkeyPatch, wanted: tuple[int, int]
) -> None:
    both_at_work = threading.Barrier(2, timeout=0.5)  # broken unless a second search captions meanwhile

    def wait_for_another(images: Sequence[Image.Image]) -> list[str]:
        with suppress(threading.BrokenBarrierError):
            both_at_work.wait()
        return WidthCaptioner.caption_images(captioner, images)

    monkeypatch.setattr(captioner, "caption_images", wait_for_another)
    captions = Captions(library, lambda: captioner)
    with ThreadPoolExecutor() as pool:
        list(pool.map(lambda image_id: captions.of_rows(rows_of(library, image_id)), wanted))
    assert both_at_work.broken
    assert sorted(captioner.widths) == [10 * image_id for image_id in sorted(set(wanted))]


def test_a_later_process_makes_no_caption_again_and_opens_no_captioner(
    captions: Captions, library: Library, index_dir: Path
) -> None:
    made = captions.of_rows(rows_of(library, 1, 2, 3))
    later = Captions(library, never_opened, CaptionFile(index_dir, MODELS))
    assert later.of_rows(rows_of(library, 1, 2, 3)) == made


def test_each_caption_is_kept_as_soon_as_it_is_made(
    library: Library, captioner: WidthCaptioner, index_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail_at_20(images: Sequence[Image.Image]) -> list[str]:
        if images[0].width == 20:
            raise KeyboardInterrupt
        return WidthCaptioner.caption_images(captioner, images)

    monkeypatch.setattr(captioner, "caption_images", fail_at_20)
    captions = Captions(library, lambda: captioner, CaptionFile(index_dir, MODELS))
    with pytest.raises(KeyboardInterrupt):
        captions.of_rows(rows_of(library, 1, 2, 3))
    assert list(CaptionFile(index_dir, MODELS).read_all().values()) == ["10 wide"]


def test_memory_holds_so_many_captions_and_the_file_the_others(
    library: Library, captioner: WidthCaptioner, index_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(captions_module, "REMEMBERED_MAX", 1)
    alone, kept = Captions(library, lambda: captioner), Captions(library, lambda: captioner, CaptionFile(index_dir, MODELS))
    for captions, expected in ((alone, [10, 20, 10]), (kept, [10, 20])):
        captioner.widths.clear()
        for image_id in (1, 2, 2, 1):
            captions.of_rows(rows_of(library, image_id))
        assert captioner.widths == expected


def test_a_picture_put_in_the_place_of_another_is_captioned_but_not_kept(
    captions: Captions, library: Library, captioner: WidthCaptioner, images: Path, index_dir: Path
) -> None:
    Image.new("RGB", (77, 10)).save(images / "10.png")
    for _ in range(2):
        assert captions.of_rows(rows_of(library, 1)) == [("77 wide", "live")]
    assert captioner.widths == [77]
    assert not (index_dir / FILE_NAME).exists()


def test_where_nothing_can_be_kept_memory_alone_serves(library: Library, captioner: WidthCaptioner, tmp_path: Path) -> None:
    captions = Captions(library, lambda: captioner, CaptionFile(tmp_path / "nowhere", MODELS))
    for _ in range(2):
        assert captions.of_rows(rows_of(library, 1, 2)) == [("10 wide", "live"), ("20 wide", "live")]
    assert captioner.widths == [10, 20]


def test_a_picture_that_cannot_be_read_costs_the_others_nothing(
    captions: Captions, library: Library, images: Path, index_dir: Path
) -> None:
    (images / "10.png").unlink()
    assert captions.of_rows(rows_of(library, 1, 2)) == [("", "none"), ("20 wide", "live")]
    assert list(CaptionFile(index_dir, MODELS).read_all().values()) == ["20 wide"]


@pytest.mark.parametrize("unreadable", [False, True])
def test_a_picture_that_goes_away_while_it_is_captioned_has_a_caption_that_is_not_kept(
    captions: Captions,
    library: Library,
    captioner: WidthCaptioner,
    images: Path,
    index_dir: Path,
    monkeypatch: pytest.MonkeyPatch,
    *,
    unreadable: bool,
) -> None:
    def refuse(path: Path) -> str:
        raise PermissionError(path)

    def remove_and_caption(pictures: Sequence[Image.Image]) -> list[str]:
        (images / "10.png").unlink()
        return WidthCaptioner.caption_images(captioner, pictures)

    if unreadable:
        monkeypatch.setattr(captions_module, "sha256_of", refuse)
    else:
        monkeypatch.setattr(captioner, "caption_images", remove_and_caption)
    assert captions.of_rows(rows_of(library, 1)) == [("10 wide", "live")]
    assert not (index_dir / FILE_NAME).exists()
