"""`lookwhy watch`: a build at the start, after changes, and again after a fault; nothing for the index's own files."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import watchfiles

from export.errors import ExtraMissing, FolderUnusable
from export.index import watch
from export.index.build import Summary
from export.index.errors import IndexOfAnother
from export.index.watch import is_of_pictures, watch_folder
from tests.export.index.small_library import build, draw


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Times of a test: a tenth of a second of quiet, and no wait after a fault."""
    monkeypatch.setattr(watch, "QUIET_S", 0.1)
    monkeypatch.setattr(watch, "AGAIN_S", 0.0)


def builds(*steps: Callable[[], object]) -> Callable[[], None]:
    """A build that does one step each time, and is interrupted when they are done."""
    left = iter(steps)

    def build() -> None:
        try:
            next(left)()
        except StopIteration:
            raise KeyboardInterrupt from None

    return build


@pytest.mark.parametrize("poll", [False, True])
def test_a_change_during_a_build_leads_to_another(tmp_path: Path, poll: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "POLL_MS", 50)
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    made: list[int] = []

    def copy_in() -> None:
        made.append(len(list(pictures.iterdir())))
        (pictures / f"{len(made)}.jpg").write_bytes(b"new")

    with pytest.raises(KeyboardInterrupt):
        watch_folder(pictures, tmp_path / "index", builds(copy_in, copy_in), poll=poll)
    assert made == [0, 1]


def test_a_build_that_fails_is_told_and_tried_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def fail() -> None:
        raise FolderUnusable(tmp_path, "it cannot be listed")

    with pytest.raises(KeyboardInterrupt):
        watch_folder(tmp_path, tmp_path / "index", builds(fail, fail))
    told = capsys.readouterr().err
    assert told.count(f"{tmp_path} cannot be indexed: it cannot be listed.\nThis is tried again in 0 minutes.\n") == 2


def test_an_index_of_another_folder_ends_it_at_once(folder: Path, out: Path, tmp_path: Path) -> None:
    build(folder, out)
    other = draw(tmp_path / "other" / "x.png", 70).parent

    def step() -> None:
        build(other, out)
        raise KeyboardInterrupt

    with pytest.raises((IndexOfAnother, KeyboardInterrupt)) as ended:
        watch_folder(other, out, builds(step))
    assert f"is the index of {folder}, which has 4 pictures" in str(ended.value)


def test_where_the_system_allows_no_more_watches_it_is_built_all_the_same(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError("OS file watch limit reached.")

    monkeypatch.setattr(watchfiles, "watch", refuse)
    with pytest.raises(KeyboardInterrupt):
        watch_folder(tmp_path, tmp_path / "index", builds(lambda: None))
    told = f"{tmp_path} cannot be watched (OS file watch limit reached.); with --poll, it is looked at every 30 seconds."
    assert told in capsys.readouterr().err


@pytest.mark.parametrize(
    ("changed", "counts"),
    [
        ("pictures/a.jpg", True),
        ("pictures/2019/a.jpg", True),
        ("pictures/index/g000001/catalog.sqlite", False),
        ("pictures/.thumbnails/a.jpg", False),
        ("pictures/.a.jpg.part", False),
    ],
)
def test_what_is_hidden_or_the_indexs_own_does_not_count(changed: str, counts: bool) -> None:
    root = Path("/home/.hidden")  # that the folder lies in a hidden one says nothing
    assert is_of_pictures(root / changed, root / "pictures", root / "pictures" / "index") is counts


@pytest.mark.parametrize("out", ["pictures", "."])
@pytest.mark.parametrize(
    ("changed", "counts"),
    [
        ("a.jpg", True),
        ("2019/a.jpg.json", True),
        ("2019/g000001/a.jpg", True),
        ("g000001/catalog.sqlite", False),
        ("previews/ab/abcd.512.jpg", False),
        ("manifest.json", False),
        ("building.sqlite-wal", False),
        ("signatures.sqlite", False),
    ],
)
def test_pictures_in_the_indexs_own_folder_count_and_its_files_do_not(changed: str, counts: bool, out: str) -> None:
    root = Path("/home/me")
    is_own = not counts and out == "."
    assert is_of_pictures(root / ("" if is_own else "pictures") / changed, root / "pictures", root / out) is counts


def test_an_index_among_its_own_pictures_is_built_once_for_each_change(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[Summary] = []

    def step() -> None:
        made.append(build(folder, folder))
        if len(made) == 2:
            raise KeyboardInterrupt
        draw(folder / "new.png", 70)

    with pytest.raises(KeyboardInterrupt):
        watch_folder(folder, folder, builds(step, step), poll=False)
    assert [(summary.count, summary.skipped) for summary in made] == [(4, ()), (5, ())]


def test_without_watchfiles_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "watchfiles", None)
    with pytest.raises(ExtraMissing, match=r"Watching a folder needs the extra `watch`.*pip install 'lookwhy\[watch\]'"):
        watch_folder(tmp_path, tmp_path / "index", lambda: None)
