"""What lies in a folder: what is a picture, what is passed over, and what is skipped by name."""

import os
import shutil
import sys
from pathlib import Path
from urllib.parse import unquote

import pytest
from PIL import Image

from export.errors import FolderUnusable
from export.index.folder.scan import is_misread, scan_folder
from runtime.library.catalog import Library
from tests.export.index.small_library import (
    PHOTOS,
    build,
    draw,
    draw_many,
    ids_by_path,
    manifest_of,
    reasons,
    said_by,
)
from tests.sample_library import run_module


def test_hidden_files_are_passed_over_and_other_files_counted(folder: Path, out: Path) -> None:
    draw(folder / ".hidden.png", 9)
    draw(folder / ".trash" / "old.png", 9)
    (folder / "notes.txt").write_text("no picture")
    summary = build(folder, out)
    assert (summary.count, summary.other_files, summary.skipped) == (4, 1, ())
    assert "; 1 file that is no picture (notes.txt).\n" in said_by(folder, out)
    (folder / "[bold]more.txt").write_text("no picture")
    assert "; 2 files that are no pictures.\n" in said_by(folder, out)
    (folder / "notes.txt").unlink()
    told = said_by(folder, out)
    assert "; 1 file that is no picture ([bold]more.txt).\n" in told
    assert "\nThis state of the index (g000001) takes " in told


def test_a_folder_that_is_not_there_is_told_what_may_be_meant(folder: Path, out: Path, tmp_path: Path) -> None:
    (tmp_path / "Pictures").mkdir()
    for name in ("pictures2", "Picture"):
        with pytest.raises(FolderUnusable, match=rf"it is not there, but {tmp_path}/Pictures is\.$"):
            scan_folder(tmp_path / name, leave_out=out)
    with pytest.raises(FolderUnusable, match=r"it is not there\.$"):
        scan_folder(tmp_path / "elsewhere" / "x", leave_out=out)
    with pytest.raises(FolderUnusable, match=r"it holds no file\.$"):
        scan_folder(tmp_path / "Pictures", leave_out=out)
    build(folder, out)
    folder.rename(tmp_path / "moved")
    folder.mkdir()
    with pytest.raises(FolderUnusable, match=r"it holds no file\. If a drive belongs there, mount it"):
        scan_folder(folder, leave_out=out)
    folder.rmdir()
    for absent in (folder, Path("/mnt/no drive of this machine"), Path("/Volumes/none/x")):
        with pytest.raises(FolderUnusable, match=r"it is not there\. If a drive belongs there, mount it"):
            scan_folder(absent, leave_out=out)


def test_the_rarer_names_of_formats_that_are_read_are_pictures_too(folder: Path, out: Path) -> None:
    with Image.effect_noise((60, 40), 50) as noise:
        for name in ("a.jpe", "b.JFIF"):
            noise.save(folder / name, "JPEG")
        for name, mode in (("c.pgm", "L"), ("d.pbm", "1"), ("e.pnm", "RGB")):
            noise.convert(mode).save(folder / name, "PPM")
        noise.save(folder / "f.mpo", "MPO", save_all=True, append_images=[noise.transpose(Image.Transpose.ROTATE_180)])
    assert (build(folder, out).other_files, set(ids_by_path(out))) == (
        0,
        {*PHOTOS, "a.jpe", "b.JFIF", "c.pgm", "d.pbm", "e.pnm", "f.mpo"},
    )


def test_links_neither_loop_nor_lead_out(folder: Path, out: Path, tmp_path: Path) -> None:
    draw(tmp_path / "elsewhere" / "x.png", 8)
    (folder / "sub" / "loop").symlink_to(folder)
    (folder / "away").symlink_to(tmp_path / "elsewhere")
    (folder / "out.png").symlink_to(tmp_path / "elsewhere" / "x.png")
    (folder / "dangling.png").symlink_to(tmp_path / "nowhere.png")
    (folder / "in.jpg").symlink_to(folder / "a.jpg")
    summary = build(folder, out)
    assert set(ids_by_path(out)) == {*PHOTOS, "in.jpg"}
    assert set(reasons(summary)) == {"away", "out.png", "dangling.png"}
    assert all("link" in reason for reason in reasons(summary).values())


def test_strange_names_are_indexed_and_reported_as_they_are(folder: Path, out: Path) -> None:
    names = ["a space.png", "grün 雪.png", "<img src=x onerror=alert(1)>.png", "two\nlines.png", "[bold]mark\x1b[31mup.png"]
    draw_many(folder / "strange", names)
    (folder / "strange" / "[red]broken\x1b[2J\n.png").write_bytes(b"")
    told = said_by(folder, out)
    assert {f"strange/{name}" for name in names} < set(ids_by_path(out))
    assert r"strange/[red]broken\x1b[2J\n.png: the file is empty" in told


STRANGE = [
    "cr\r.png",
    "tab\t.png",
    "back\\slash.png",
    " first.png",
    "last .png",
    "a%2Fb.png",
    "?a#b.png",
    "-rf.png",
    "\x7f.png",
]
SPELLINGS = ["\u00e9.png", "e\u0301.png"]  # the same letter, as one character and as two


@pytest.mark.parametrize(
    "names", [STRANGE, SPELLINGS, ["z" * 251 + ".png"], ["line\nbreak/x.png", "\u2028.png", "\u202e.png"]]
)
def test_every_name_that_is_text_is_indexed_and_its_address_leads_to_its_file(
    tmp_path: Path, out: Path, names: list[str]
) -> None:
    folder = draw_many(tmp_path / "names", names)
    build(folder, out)
    library = Library.open(out, manifest_of(out))
    for name in names:
        address = library.image_url(library.row_by_path(name))
        assert library.image_file(unquote(address.removeprefix("/images/"))).read_bytes() == (folder / name).read_bytes()


def test_names_that_are_no_utf8_are_reported_and_skipped(folder: Path, out: Path) -> None:
    draw(folder / "ok.png", 7)
    shutil.copy(os.fsencode(folder / "ok.png"), os.fsencode(folder) + b"/caf\xe9.png")
    summary = build(folder, out)
    assert reasons(summary) == {"caf\\xe9.png": "its name has bytes that are not UTF-8; rename it"}
    assert summary.count == 5


@pytest.mark.parametrize(
    ("encoding", "name", "misread"),
    [
        ("ascii", os.fsencode("Größe.png").decode("ascii", "surrogateescape"), True),
        ("iso-8859-1", "Größe.png".encode().decode("latin-1"), True),
        ("iso-8859-1", "Größe.png", False),
        ("ascii", "plain.png", False),
        ("utf-8", "Größe.png", False),
    ],
)
def test_a_name_is_misread_where_it_is_utf_8_and_the_locale_is_not(
    monkeypatch: pytest.MonkeyPatch, encoding: str, name: str, misread: bool
) -> None:
    monkeypatch.setattr(sys, "getfilesystemencoding", lambda: encoding)
    monkeypatch.setattr(os, "fsencode", lambda path: path.encode(encoding, "surrogateescape"))
    assert is_misread(name) is misread


def test_a_locale_that_misreads_names_is_named_and_nothing_is_dropped(tmp_path: Path) -> None:
    draw(tmp_path / "pictures" / "Größe.png", 7)
    ascii_locale = {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}
    arguments = ("index", str(tmp_path / "pictures"), "--models", "sample", "--out", str(tmp_path / "index"))
    ended = run_module("export", *arguments, environment=os.environ | ascii_locale)
    assert ended.returncode == 1
    assert ended.stderr.endswith("the locale (LC_ALL, LC_CTYPE or LANG) reads them as ascii; set LC_ALL=C.UTF-8.\n")
    assert "rename" not in ended.stderr
    assert not (tmp_path / "index" / "manifest.json").exists()
