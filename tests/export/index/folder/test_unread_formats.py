"""What is not read is counted by kind with what to do; content decides, not the suffix; skipped pictures are grouped."""

import io
import struct
from functools import partial
from pathlib import Path

import pytest
from rich.console import Console

from export.errors import FolderUnusable
from export.index.folder import unread_formats
from export.index.folder.found import SkippedImage
from export.index.folder.scan import scan_folder
from export.index.folder.skipped_report import print_skipped
from export.index.folder.unread_formats import format_counts, live_videos, unread_lines
from runtime.images import reasons
from runtime.images.file_types import Reader
from runtime.images.foreign import unwrapping
from tests.export.index.small_library import PHOTOS, build, draw, ids_by_path, said_by

HEIC = struct.pack(">I4s4sI4s", 24, b"ftyp", b"heic", 0, b"mif1") + b"heic" + bytes(300)
CR2 = b"II*\0\x10\0\0\0CR\2\0" + bytes(100)


@pytest.fixture
def without_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (unread_formats, unwrapping):
        monkeypatch.setattr(module, "can_read", lambda reader: reader is Reader.PILLOW)


@pytest.mark.usefixtures("without_extra")
def test_without_the_extra_heic_and_raw_are_counted_with_what_to_install(folder: Path, out: Path) -> None:
    for number in range(3):
        (folder / f"{number}.HEIC").write_bytes(HEIC)
    (folder / "a.cr2").write_bytes(CR2)
    told = said_by(folder, out)
    assert told.count("3 HEIC and 1 CR2 are not read: pip install 'lookwhy[photos]'\n") == 2  # first and last
    assert "4 pictures in " in told
    assert "skipped" not in told
    assert set(ids_by_path(out)) == set(PHOTOS)


@pytest.mark.usefixtures("without_extra")
def test_without_the_extra_a_heic_called_jpg_is_named_and_a_jpeg_called_heic_is_read(folder: Path, out: Path) -> None:
    (folder / "IMG_0002.JPG").write_bytes(HEIC)
    draw(folder / "jpeg.jpg", 30).rename(folder / "jpeg.heic")
    (folder / "pointer.heic").write_bytes(b"version https://git-lfs.github.com/spec/v1\n")
    told = said_by(folder, out)
    assert "IMG_0002.JPG: it is of a kind that takes more packages to read: HEIC; pip install 'lookwhy[photos]'" in told
    assert "pointer.heic: it is no picture but a Git LFS pointer" in told
    assert set(ids_by_path(out)) == {*PHOTOS, "jpeg.heic"}


@pytest.mark.usefixtures("without_extra")
def test_a_folder_of_heic_alone_is_refused_with_what_to_install(tmp_path: Path, out: Path) -> None:
    (tmp_path / "a.heic").write_bytes(HEIC)
    with pytest.raises(FolderUnusable, match=r"1 HEIC is not read: pip install 'lookwhy\[photos\]'\.$"):
        build(tmp_path, out)


@pytest.mark.parametrize(("names", "said"), [(["a"], "its one file is no"), (["a", "b"], "none of its 2 files is a")])
def test_a_folder_without_pictures_is_told_which_formats_are_read_in_few_words(
    request: pytest.FixtureRequest, tmp_path: Path, names: list[str], said: str
) -> None:
    for name in names:
        (tmp_path / f"{name}.txt").write_text("x")
    scan = partial(scan_folder, tmp_path)
    with pytest.raises(FolderUnusable) as refused:
        scan()
    read = "JPEG, PNG, WebP, TIFF, AVIF, HEIC, RAW and others"
    assert str(refused.value) == f"{tmp_path} cannot be indexed: {said} picture that is read here ({read})."
    request.getfixturevalue("without_extra")
    with pytest.raises(FolderUnusable, match=r"\(JPEG, PNG, WebP, TIFF, AVIF and others\)"):
        scan()


def test_pictures_that_were_indexed_with_the_extra_stay_without_it(
    folder: Path, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    draw(folder / "jpeg.jpg", 30).rename(folder / "it.heic")  # as if it were a HEIC, which not every machine reads
    build(folder, out)
    (folder / "it.heic").write_bytes(HEIC)
    for module in (unread_formats, unwrapping):
        monkeypatch.setattr(module, "can_read", lambda reader: reader is Reader.PILLOW)
    summary = build(folder, out)
    assert "it.heic" in ids_by_path(out)
    assert [(kept.pictures, kept.reason) for kept in summary.kept] == [
        (1, "HEIC is not read here: pip install 'lookwhy[photos]'")
    ]


def test_videos_and_other_kinds_are_counted_and_the_video_of_a_live_photo_is_not(folder: Path, out: Path) -> None:
    for name in ("a.MOV", "b.mp4", "holiday.mov", "c.mts", "logo.svg", "new.jxl", "notes.txt"):
        (folder / name).write_bytes(b"x")
    summary = build(folder, out)  # a.jpg has a.MOV beside it; b.png is no Live Photo's picture
    assert summary.left_out == ("3 videos, 1 JPEG XL and 1 SVG are not read.",)
    assert summary.other_files == 1


def test_a_live_photos_video_lies_in_the_same_folder_under_the_same_name() -> None:
    videos = dict.fromkeys(["x/IMG_1.MOV", "y/IMG_1.MOV", "x/Mu\u0308ll.mov", "x/IMG_3.mp4", "x/IMG_4.avi"], "video")
    stills = ["x/img_1.heic", "x/M\u00fcll.JPG", "x/IMG_4.jpg"]
    assert live_videos({**videos, "x/IMG_3.HEIC": "HEIC"}, stills) == {"x/IMG_1.MOV", "x/Mu\u0308ll.mov", "x/IMG_3.mp4"}


def test_lines_count_in_words() -> None:
    many = {f"{number}.heic": "HEIC" for number in range(3412)} | {f"{number}.cr3": "CR3" for number in range(210)}
    assert unread_lines(many) == ["3,412 HEIC and 210 CR3 are not read: pip install 'lookwhy[photos]'"]
    assert unread_lines({"a.mov": "video"}) == ["1 video is not read."]
    assert unread_lines({}) == []
    assert format_counts(["a.jpg", "b.JPEG", "c.heic", "d.jp2", "e.dng"]) == "2 JPEG, 1 DNG, 1 HEIC, 1 JPEG 2000"


def test_a_build_says_before_it_starts_which_formats_there_are(folder: Path, out: Path) -> None:
    assert f"4 pictures in {folder}: 1 BMP, 1 JPEG, 1 PNG, 1 WebP\n" in said_by(folder, out)


def printed(*skipped: SkippedImage) -> str:
    shown = io.StringIO()
    print_skipped(skipped, Console(file=shown, width=300))
    return shown.getvalue()


def test_many_skipped_pictures_are_grouped_by_format_and_reason_with_the_next_step() -> None:
    cut = [SkippedImage(f"{number}.jpg", f"{reasons.CUT_SHORT}: {number}% of the picture is there") for number in range(40)]
    told = printed(*cut, SkippedImage("x.png", "it is a link that leads nowhere"))
    reason = "the file is damaged or cut short: 0% of the picture is there"
    assert f"41 skipped:\n  40 JPEG: {reason}: 0.jpg, 1.jpg, 2.jpg and 37 more\n" in told
    assert "    Copy these files again from where they came, or delete them.\n" in told
    assert "  x.png: it is a link that leads nowhere\n" in told
    assert "table `skipped`" in told


def test_a_few_skipped_pictures_are_named_each() -> None:
    told = printed(*(SkippedImage(f"{number}.jpg", "it is of a kind") for number in range(3)))
    assert told == "3 skipped:\n  0.jpg: it is of a kind\n  1.jpg: it is of a kind\n  2.jpg: it is of a kind\n"
