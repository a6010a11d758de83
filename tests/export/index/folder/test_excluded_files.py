"""What is left out on purpose: copies of NAS and systems by name, .nomedia, hidden files, and what a person excludes."""

from pathlib import Path

import pytest

from export.errors import FolderUnusable, PatternUnusable
from export.index.build import BuildOptions
from export.index.folder.excluded_files import ExclusionRules
from tests.export.index.small_library import PHOTOS, build, draw, draw_many, ids_by_path, said_by

COPIES = [
    "@eaDir/a.jpg/SYNOPHOTO_THUMB_XL.jpg",
    "#recycle/deleted.jpg",
    "sub/#Recycle/deleted.jpg",
    "$RECYCLE.BIN/S-1-5/deleted.jpg",
    "@Recycle/deleted.jpg",
    "#snapshot/2019/a.jpg",
    "lost+found/a.jpg",
    "System Volume Information/a.jpg",
    "Family.photoslibrary/resources/derivatives/a.jpg",
    "iPhoto Library.photolibrary/Thumbnails/2009/a.jpg",
    "Cat Smart Previews.lrdata/A/a.jpg",
    "files_trashbin/files/a.jpg",
    "trashbox/a.jpg",
    "appdata_ocab12cd34ef/preview/a.jpg",
    "~snapshot/hourly.0/a.jpg",
]
HIDDEN_COPIES = [
    ".thumbnails/a.jpg",
    ".Trash-1000/files/a.jpg",
    ".zfs/snapshot/a.jpg",
    ".trashed-1700000000-a.jpg",
    "._b.png",
]


def rules(*patterns: str, folder: Path = Path("/pictures"), include_hidden: bool = False) -> ExclusionRules:
    return ExclusionRules(folder, patterns, include_hidden=include_hidden)


def test_copies_of_nas_bins_and_snapshots_are_left_out_and_named(folder: Path, out: Path) -> None:
    draw_many(folder, COPIES)
    draw(folder / "Family.photoslibrary" / "originals" / "0" / "a.jpg", 77)
    told = said_by(folder, out)
    assert set(ids_by_path(out)) == {*PHOTOS, "Family.photoslibrary/originals/0/a.jpg"}
    left_out = (
        "#Recycle, #recycle, #snapshot, $RECYCLE.BIN, @Recycle, @eaDir, Cat Smart Previews.lrdata, "
        "System Volume Information, Thumbnails, appdata_ocab12cd34ef, files_trashbin, lost+found, resources, trashbox, "
        "~snapshot"
    )
    assert f"Left out: {left_out}." in told


def test_previews_of_an_index_among_the_pictures_are_left_out(folder: Path, tmp_path: Path) -> None:
    draw(folder / "previews" / "ab" / "own.jpg", 78)
    expected = {*PHOTOS, "previews/ab/own.jpg"}
    for out in (folder, folder / "index", tmp_path / "elsewhere", folder):
        told = said_by(folder, out)
        assert set(ids_by_path(out)) == expected
    assert "Left out: previews of an index (" in told


def test_folders_with_nomedia_are_left_out_but_for_the_one_that_is_named(folder: Path, out: Path) -> None:
    draw(folder / "priv" / "deep" / "x.jpg", 70)
    (folder / "priv" / ".nomedia").touch()
    (folder / ".nomedia").touch()
    assert "Left out: .nomedia." in said_by(folder, out)
    assert set(ids_by_path(out)) == set(PHOTOS)


def test_hidden_files_are_read_where_they_are_asked_for_and_hidden_copies_never(folder: Path, out: Path) -> None:
    draw_many(folder, [*HIDDEN_COPIES, ".private/x.jpg", ".y.png"])
    build(folder, out)
    assert set(ids_by_path(out)) == set(PHOTOS)
    build(folder, out, options=BuildOptions(include_hidden=True))
    assert set(ids_by_path(out)) == {*PHOTOS, ".private/x.jpg", ".y.png"}


@pytest.mark.parametrize(
    ("pattern", "matched", "others"),
    [
        ("*.png", ["a.png", "x/B.PNG"], ["a.png.jpg", "png"]),
        ("private", ["private/a.jpg", "x/private/y/a.jpg", "private"], ["private2/a.jpg"]),
        ("private/", ["private/a.jpg"], ["private"]),
        ("2019/raw", ["2019/raw/a.jpg"], ["x/2019/raw/a.jpg", "2019/a.jpg"]),
        ("/a.jpg", ["a.jpg"], ["x/a.jpg"]),
        ("**/raw/*.jpg", ["raw/a.jpg", "x/y/raw/a.jpg"], ["raw/x/a.jpg"]),
        ("2019/**", ["2019/a.jpg", "2019/x/a.jpg"], ["2018/a.jpg"]),
        ("x/**/a.jpg", ["x/a.jpg", "x/1/2/a.jpg"], ["a.jpg"]),
        ("IMG_?.jpg", ["IMG_1.jpg", "img_2.JPG"], ["IMG_12.jpg"]),
        ("IMG_[1-3].jpg", ["IMG_2.jpg"], ["IMG_4.jpg"]),
        ("IMG_[!1-3].jpg", ["IMG_4.jpg"], ["IMG_2.jpg"]),
        ("a[1.jpg", ["a[1.jpg"], ["a1.jpg"]),
        ("M\u00fcll", ["Mu\u0308ll/a.jpg", "M\u00dcLL/a.jpg"], ["Mull/a.jpg"]),
        ("a+b (1).jpg", ["x/a+b (1).jpg"], ["aab (1).jpg"]),
        ("./2019", ["2019/a.jpg"], ["x/a.jpg"]),
        ("/pictures/2019", ["2019/a.jpg"], ["x/2019/a.jpg"]),  # as a shell completes it
    ],
)
def test_a_pattern_is_a_name_anywhere_or_a_path_from_the_folder(pattern: str, matched: list[str], others: list[str]) -> None:
    excluded = rules(pattern)
    assert [path for path in matched if not excluded.why_below(path)] == []
    assert [path for path in others if excluded.why_below(path)] == []
    assert excluded.why_below(matched[0]) == f"--exclude {pattern}"


@pytest.mark.parametrize(
    ("pattern", "name", "is_left_out"),
    [
        *(("*a*a*b*", "xaxaxbx", True), ("*a?a*", "bacab", True), ("a*b/*c", "aXbb/yc", True), ("*ab*ab", "abab", True)),
        *(("*ab*ab", "ab", False), ("**b*c/d", "b/xbc/d", True), (f"{'*a' * 20}b", "a" * 200, False)),
    ],
)
def test_stars_are_matched_without_trying_every_place(pattern: str, name: str, is_left_out: bool) -> None:
    assert (rules(pattern).why_below(name) is not None) is is_left_out


@pytest.mark.parametrize(
    "pattern", ["", "/", ".", "!a.jpg", "../x", "a\\b", "x/../y", "[z-a]", "[a--b]", "[!]", "**/a/**/b/**"]
)
def test_a_pattern_that_can_match_nothing_is_refused(pattern: str) -> None:
    with pytest.raises(PatternUnusable):
        rules(pattern)


@pytest.mark.parametrize(
    ("pattern", "matching", "other"),
    [
        ("[--z]x", ["-x", "ax", ".x"], ["~x"]),
        ("[!--z]x", ["~x"], ["-x", "ax"]),
        ("[---]x", ["-x"], ["ax"]),
        ("[a-]x", ["-x", "ax"], ["bx"]),
        ("[&&||~~[]x", ["&x", "|x", "~x", "[x"], ["ax"]),
        (r"[a-c^]x", ["bx", "^x"], ["dx"]),
    ],
)
def test_a_list_of_signs_is_one_and_warns_of_nothing(pattern: str, matching: list[str], other: list[str]) -> None:
    found = rules(pattern)  # where warnings are errors
    assert [name for name in matching + other if found.why_below(name)] == matching


def test_excluded_pictures_leave_the_index_which_says_so_and_come_back_with_their_captions(folder: Path, out: Path) -> None:
    build(folder, out)
    options = BuildOptions(exclude=("sub/", "*.txt"))
    told = said_by(folder, out, options=options)
    assert "2 left the index: --exclude sub/." in told
    assert "Left out: --exclude sub/." in told
    assert "--exclude *.txt matches nothing." in told
    assert set(ids_by_path(out)) == {"a.jpg", "b.png"}
    assert "left the index" not in said_by(folder, out, options=options)
    build(folder, out)
    assert set(ids_by_path(out)) == set(PHOTOS)


def test_most_of_a_library_may_be_excluded_without_being_taken_for_vanished(tmp_path: Path, out: Path) -> None:
    folder = draw_many(tmp_path / "photos", [f"{place}/{number}.png" for place in ("keep", "drop") for number in range(12)])
    draw_many(folder, [f"drop/more/{number}.png" for number in range(12)])
    build(folder, out)
    summary = build(folder, out, options=BuildOptions(exclude=("drop",)))
    assert (summary.count, summary.removed, summary.kept) == (12, 24, ())


def test_what_vanishes_beside_what_is_excluded_is_still_kept(tmp_path: Path, out: Path) -> None:
    folder = draw_many(tmp_path / "photos", [f"{place}/{number}.png" for place in ("keep", "drop") for number in range(12)])
    build(folder, out)
    for number in range(11):
        (folder / "keep" / f"{number}.png").unlink()
    summary = build(folder, out, options=BuildOptions(exclude=("drop",)))
    assert (summary.count, [kept.pictures for kept in summary.kept]) == (12, [11])


def test_excluded_pictures_leave_the_index_even_where_their_folder_is_away(folder: Path, out: Path) -> None:
    build(folder, out)
    (folder / "sub").rename(folder.parent / "away")
    (folder / "sub").mkdir()
    assert build(folder, out).count == 4  # an empty mount point keeps them
    assert build(folder, out, options=BuildOptions(exclude=("sub",))).count == 2


def test_where_all_is_left_out_it_says_so_and_the_index_stays(folder: Path, out: Path) -> None:
    build(folder, out)
    with pytest.raises(FolderUnusable, match=r"Left out: --exclude \*"):
        build(folder, out, options=BuildOptions(exclude=("*",)))
    assert set(ids_by_path(out)) == set(PHOTOS)
