"""Pictures that cannot be looked at are unknown, not gone: rows, ids, captions, vectors stay until they are given up."""

import errno
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

import pytest

from export.errors import FolderUnusable
from export.index.build import BuildOptions
from export.index.unreachable_pictures import named_folders
from runtime.artefacts.file_record import open_file
from tests.export.index.small_library import (
    GridEncoder,
    build,
    catalog_of,
    draw,
    draw_many,
    ids_by_path,
    reasons,
    said_by,
    small_models,
    times_below,
    told_by,
)

AWAY = [f"NAS/2019/{number}.png" for number in range(3)] + [f"NAS/{number}.png" for number in range(3)]
HOME = [f"{number}.png" for number in range(8)]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = draw_many(tmp_path / "photos", [*HOME, *AWAY])
    for name in (*HOME, *AWAY):
        os.utime(folder / name, (1_600_000_000, 1_600_000_000))
    return folder


def unmount(folder: Path, name: str = "NAS") -> Path:
    """Leave an empty mount point in the place of a folder; returns where the folder is now."""
    away = (folder / name).rename(folder.parent / "away")
    (folder / name).mkdir()
    return away


def mount(folder: Path, away: Path, name: str = "NAS") -> None:
    (folder / name).rmdir()
    away.rename(folder / name)


def refuse_to_list(monkeypatch: pytest.MonkeyPatch, refused: Path, number: int) -> None:
    listed = os.scandir

    def scandir(folder: Path) -> "Iterator[os.DirEntry[str]]":
        if Path(folder) == refused:
            raise OSError(number, os.strerror(number), str(folder))
        return listed(folder)

    monkeypatch.setattr(os, "scandir", scandir)


@pytest.mark.parametrize("number", [errno.EACCES, errno.EIO, errno.ESTALE, errno.ENOENT, errno.ENOTDIR, errno.ENOTCONN])
@pytest.mark.parametrize(("refused", "count"), [("NAS", 6), ("NAS/2019", 3)])
def test_what_lies_under_a_folder_that_cannot_be_listed_is_kept(
    folder: Path, out: Path, monkeypatch: pytest.MonkeyPatch, number: int, refused: str, count: int
) -> None:
    build(folder, out)
    before, times, models = told_by(out), times_below(out), small_models()
    with monkeypatch.context() as patched:
        refuse_to_list(patched, folder / refused, number)
        said = said_by(folder, out, models)
    assert f"{count} pictures in {refused} kept unseen: the folder cannot be listed ({os.strerror(number)})." in said
    assert f"{14 - count} unchanged, {count} kept unseen." in said
    assert times_below(out) == times
    summary = build(folder, out, models)
    assert (summary.unchanged, told_by(out)) == (14, before)
    assert isinstance(models.encoder, GridEncoder)
    assert models.encoder.seen == 0


def test_a_new_folder_that_cannot_be_listed_is_skipped_by_name(
    folder: Path, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    draw(folder / "locked" / "x.png", 80)
    refuse_to_list(monkeypatch, folder / "locked", errno.EACCES)
    summary = build(folder, out)
    assert (summary.kept, reasons(summary)) == ((), {"locked": "the folder cannot be listed (Permission denied)"})


def test_an_empty_mount_point_keeps_its_pictures_while_others_change(folder: Path, out: Path) -> None:
    build(folder, out)
    ids = ids_by_path(out)
    captions = {row.image_path: row.caption for row in catalog_of(out).rows}
    away = unmount(folder)
    draw(folder / "new.png", 50)
    (folder / "0.png").unlink()
    summary = build(folder, out)
    assert [(kept.name, kept.pictures) for kept in summary.kept] == [("NAS", 6)]
    assert (summary.added, summary.removed, summary.unchanged, summary.encoded) == (1, 1, 7, 1)
    mount(folder, away)
    summary = build(folder, out)
    assert (summary.kept, summary.unchanged, summary.encoded, summary.written) == ((), 14, 0, False)
    assert {path: ids_by_path(out)[path] for path in AWAY} == {path: ids[path] for path in AWAY}
    assert all(row.caption == captions.get(row.image_path, row.caption) for row in catalog_of(out).rows)


def test_forgetting_removes_what_is_kept_everywhere_or_below_one_folder(folder: Path, out: Path, tmp_path: Path) -> None:
    draw(folder / "USB" / "a.png", 60)
    build(folder, out)
    unmount(folder)
    (folder / "USB").rename(tmp_path / "usb")
    (folder / "USB").mkdir()
    assert [kept.name for kept in build(folder, out).kept] == ["NAS", "USB"]
    below = named_folders(folder, [folder / "USB/"], everywhere=False)
    summary = build(folder, out, options=BuildOptions(forget=below))
    assert (summary.removed, [kept.name for kept in summary.kept]) == (1, ["NAS"])
    summary = build(folder, out, options=BuildOptions(forget=named_folders(folder, [], everywhere=True)))
    assert (summary.removed, summary.kept, set(ids_by_path(out))) == (6, (), set(HOME))


def test_a_folder_to_forget_outside_the_pictures_is_refused(folder: Path, tmp_path: Path) -> None:
    assert named_folders(folder, [Path("NAS/2019")], everywhere=False) == ("NAS/2019",)
    with pytest.raises(FolderUnusable, match="nothing is forgotten"):
        named_folders(folder, [tmp_path / "photos2"], everywhere=False)


def test_what_was_deleted_or_replaced_by_a_file_is_gone(folder: Path, out: Path, tmp_path: Path) -> None:
    build(folder, out)
    (folder / "NAS" / "2019").rename(tmp_path / "2019")
    (folder / "NAS" / "2019").write_text("a file")
    summary = build(folder, out)
    assert (summary.removed, summary.kept) == (3, ())


def test_a_link_into_an_empty_mount_point_is_kept_and_a_dangling_one_is_not(folder: Path, out: Path) -> None:
    (folder / "linked.png").symlink_to("NAS/2019/0.png")
    (folder / "dangling.png").symlink_to("1.png")
    build(folder, out)
    unmount(folder)
    (folder / "1.png").unlink()
    summary = build(folder, out)
    assert [(kept.name, kept.pictures) for kept in summary.kept] == [("NAS", 7)]
    assert {"linked.png", "dangling.png"} & set(ids_by_path(out)) == {"linked.png"}


def test_pictures_that_were_moved_out_of_a_folder_are_moved_and_not_kept_there(folder: Path, out: Path) -> None:
    build(folder, out)
    ids = ids_by_path(out)
    for entry in list((folder / "NAS").iterdir()):
        entry.rename(folder / f"moved {entry.name}")
    summary = build(folder, out)
    assert (summary.renamed, summary.kept, summary.encoded, summary.count) == (6, (), 0, 14)
    assert ids_by_path(out)["moved 2019/1.png"] == ids["NAS/2019/1.png"]


def test_a_small_share_that_was_deleted_goes_at_once(folder: Path, out: Path) -> None:
    build(folder, out)
    for name in HOME[:6]:
        (folder / name).unlink()
    assert build(folder, out).removed == 6


def test_another_folder_in_place_of_the_library_keeps_nothing_of_it(folder: Path, out: Path, tmp_path: Path) -> None:
    build(folder, out)
    other = draw_many(tmp_path / "other", [f"x{number}.png" for number in range(16)])
    (other / "NAS").mkdir()
    summary = build(other, out, options=BuildOptions(forget=(".",)))
    assert summary.kept == ()
    assert not set(ids_by_path(out)) & {*HOME, *AWAY}


def test_pictures_that_must_be_embedded_again_and_cannot_be_read_stop_the_build(folder: Path, out: Path) -> None:
    build(folder, out)
    before, away = told_by(out), unmount(folder)
    others = replace(small_models(), fingerprint={"clip/image.onnx": "9" * 64})
    with pytest.raises(FolderUnusable, match="6 pictures must be embedded again"):
        build(folder, out, others)
    assert told_by(out) == before
    mount(folder, away)
    assert build(folder, out, others).encoded == 14


def test_an_unmounted_folder_that_is_all_there_was_leaves_the_index_as_it_is(tmp_path: Path, out: Path) -> None:
    folder = draw_many(tmp_path / "photos", AWAY)
    build(folder, out)
    before = told_by(out)
    unmount(folder)
    assert build(folder, out).count == 6
    assert told_by(out) == before
    with pytest.raises(FolderUnusable, match="it holds no file"):
        build(folder, out, options=BuildOptions(forget=(".",)))


@pytest.mark.parametrize("is_touched", [False, True])
def test_one_file_that_must_be_embedded_again_and_cannot_be_read_stops_the_build(
    folder: Path, out: Path, monkeypatch: pytest.MonkeyPatch, is_touched: bool
) -> None:
    build(folder, out)
    before, others = told_by(out), replace(small_models(), fingerprint={"clip/image.onnx": "9" * 64})
    unread = HOME[-1]

    def opened(path: Path) -> BinaryIO:
        if path.name == unread:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        return open_file(path)

    monkeypatch.setattr("export.index.pictures.open_file", opened)
    monkeypatch.setattr("runtime.artefacts.file_record.open_file", opened)  # that a file is hashed by
    if is_touched:
        os.utime(folder / unread)
    with pytest.raises(
        FolderUnusable, match=r"denied\), and it must be embedded again.* give it up with --forget-below "
    ) as raised:
        build(folder, out, others)
    assert raised.value.folder == folder / unread
    assert told_by(out) == before
    assert build(folder, out, others, options=BuildOptions(forget=(unread,))).count >= 13
