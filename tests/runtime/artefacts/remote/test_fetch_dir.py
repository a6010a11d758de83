"""Where fetched files are kept: a folder that this program made for this user; nothing else is written to or removed."""

import os
import stat
from pathlib import Path

import pytest

from runtime.artefacts.remote import fetch_dir
from runtime.artefacts.remote.fetch_dir import MARK_NAME, default_fetch_dir, own_folder
from runtime.artefacts.remote.remote_folder import RemoteFolder
from runtime.errors import SettingInvalid

UNSEEN = f"/{'x' * 300}"  # looking there is an error, as it is in a folder that is closed to this user


def mode_of(folder: Path) -> int:
    return stat.S_IMODE(folder.stat().st_mode)


def test_a_folder_that_is_not_there_is_made_for_this_user_alone_and_marked(tmp_path: Path) -> None:
    folder = own_folder(tmp_path / "deep" / "cache")
    assert folder == tmp_path / "deep" / "cache"
    assert mode_of(folder) == 0o700
    assert (folder / MARK_NAME).is_file()
    assert own_folder(folder) == folder, "it is known again"


def test_one_that_was_opened_to_others_is_closed_again(tmp_path: Path) -> None:
    folder = own_folder(tmp_path / "cache")
    folder.chmod(0o777)
    assert mode_of(own_folder(folder)) == 0o700


@pytest.mark.parametrize("holds", ["nothing", "files"])
def test_of_a_folder_that_this_program_did_not_make_only_a_sub_folder_is_used(tmp_path: Path, holds: str) -> None:
    home = tmp_path / "home"
    (home / "images").mkdir(parents=True) if holds == "files" else home.mkdir()
    before = mode_of(home)
    assert own_folder(home) == home / "lookwhy"
    assert mode_of(home) == before
    assert not (home / MARK_NAME).exists()


def test_a_users_own_pictures_are_there_after_all_that_was_fetched_is_removed(tmp_path: Path) -> None:
    kept = tmp_path / "home" / "images" / "child.jpg"
    kept.parent.mkdir(parents=True)
    kept.write_bytes(b"a picture")
    fetched = own_folder(tmp_path / "home")
    remote = RemoteFolder("s3://bucket/images", fetched / "images", "IMAGES_URL")
    (fetched / "images").mkdir()
    (fetched / "images" / "old.jpg").write_bytes(b"fetched")
    remote._clear()
    assert not (fetched / "images").exists()
    assert kept.read_bytes() == b"a picture"


@pytest.mark.parametrize("below", ["cache", "home/lookwhy"])
@pytest.mark.parametrize("target", ["a folder", "nothing"])
def test_a_link_in_its_place_is_refused(tmp_path: Path, below: str, target: str) -> None:
    elsewhere = tmp_path / "elsewhere"
    if target == "a folder":
        elsewhere.mkdir()
    place = tmp_path / below
    place.parent.mkdir(exist_ok=True)
    place.symlink_to(elsewhere)
    with pytest.raises(SettingInvalid, match="FETCH_DIR"):
        own_folder(tmp_path / below.split("/", maxsplit=1)[0])
    assert not elsewhere.exists() or list(elsewhere.iterdir()) == []


def test_a_link_to_a_folder_that_this_program_made_is_refused_too(tmp_path: Path) -> None:
    own_folder(tmp_path / "made")
    (tmp_path / "link").symlink_to(tmp_path / "made")
    with pytest.raises(SettingInvalid, match="symbolic link"):
        own_folder(tmp_path / "link")


@pytest.mark.parametrize("below", ["", "new"])
def test_nothing_is_made_in_a_folder_of_another_user_who_could_put_a_link_in_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, below: str
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 4_000_000)
    monkeypatch.setattr(fetch_dir, "ROOT", -1)  # as whom tests may run
    with pytest.raises(SettingInvalid, match="the folder that it lies in belongs to another user"):
        own_folder(tmp_path / below)
    assert list(tmp_path.iterdir()) == []


def test_a_path_that_is_too_long_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingInvalid, match=r"it cannot be written \(File name too long\)"):
        own_folder(tmp_path / ("x" * 300))


def test_a_folder_that_another_user_has_put_there_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own_folder(tmp_path / "cache")
    monkeypatch.setattr(os, "geteuid", lambda: 4_000_000)
    with pytest.raises(SettingInvalid, match="another user"):
        own_folder(tmp_path / "cache")


def test_a_sub_folder_without_the_mark_is_refused(tmp_path: Path) -> None:
    (tmp_path / "home" / "lookwhy").mkdir(parents=True)
    with pytest.raises(SettingInvalid, match="did not make it"):
        own_folder(tmp_path / "home")


@pytest.mark.parametrize("below", ["file", "file/cache"])
def test_a_place_that_is_no_folder_is_refused(tmp_path: Path, below: str) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SettingInvalid, match="FETCH_DIR"):
        own_folder(tmp_path / below)


def test_it_lies_in_the_users_cache_unless_it_is_set(tmp_path: Path) -> None:
    assert default_fetch_dir({"HOME": str(tmp_path)}) == tmp_path / ".cache" / "lookwhy"
    assert default_fetch_dir({"HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / "x")}) == tmp_path / "x" / "lookwhy"


@pytest.mark.parametrize("home", [{}, {"HOME": ""}, {"HOME": "relative"}, {"HOME": "/dev/null"}, {"HOME": UNSEEN}])
def test_without_a_cache_it_has_this_users_number_in_its_name(home: dict[str, str]) -> None:
    assert default_fetch_dir(home).name == f"lookwhy-{os.geteuid()}"


def test_on_lambda_it_lies_below_tmp(tmp_path: Path) -> None:
    environment = {"HOME": str(tmp_path), "AWS_LAMBDA_FUNCTION_NAME": "lookwhy"}
    assert default_fetch_dir(environment) == Path("/tmp/lookwhy")
