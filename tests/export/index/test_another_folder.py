"""An index is of one folder: another does not take its place unasked, while the same library is known wherever it lies."""

import shlex
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from export.index.another_folder import free_name, is_same_folder
from export.index.build import BuildOptions
from export.index.errors import IndexOfAnother
from tests.export.index.small_library import GridEncoder, build, draw, draw_many, ids_by_path, small_models, times_below

NAMES = [*(f"{number}.png" for number in range(3)), *(f"2019/{number}.png" for number in range(3))]
FORGET_ALL = BuildOptions(forget=(".",))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return draw_many(tmp_path / "Pictures", NAMES)


def other_library(tmp_path: Path, names: list[str], name: str = "My Wedding") -> Path:
    for seed, one in enumerate(names, 100):
        draw(tmp_path / name / one, seed)
    return tmp_path / name


def refused(folder: Path, out: Path, options: BuildOptions | None = None) -> IndexOfAnother:
    """Return the error that a build ends with; see that nothing was embedded, and no file was touched or made."""
    before, models = times_below(out), small_models()
    with pytest.raises(IndexOfAnother) as error:
        build(folder, out, models, options)
    assert isinstance(models.encoder, GridEncoder)
    assert (models.encoder.seen, times_below(out)) == (0, before)
    return error.value


@pytest.mark.parametrize("names", [["a.png", "b.png"], NAMES], ids=["other names", "the same names, as cameras give"])
def test_another_library_is_refused_before_anything_is_done(
    folder: Path, out: Path, tmp_path: Path, names: list[str]
) -> None:
    build(folder, out)
    error = refused(other_library(tmp_path, names), out)
    assert (error.former, error.pictures, error.other_out) == (folder, 6, out.parent / "my-wedding")
    other, there = shlex.quote(str(tmp_path / "My Wedding")), out.parent / "my-wedding"
    for told in (
        f"{out} is the index of {folder}, which has 6 pictures, most of which are not in {tmp_path / 'My Wedding'} and",
        f"lookwhy index {other} --out {there}, then search and serve it with --index {there}.",
        f"lookwhy index {other} --forget.",
    ):
        assert told in str(error)


def test_pictures_of_equal_length_are_told_apart_by_their_content(tmp_path: Path, out: Path) -> None:
    folder = draw_many(tmp_path / "Pictures", ["a.bmp", "b.bmp", "c.bmp"])
    build(folder, out)
    other = other_library(tmp_path, ["a.bmp", "b.bmp", "c.bmp", "d.bmp"])
    assert (other / "a.bmp").stat().st_size == (folder / "a.bmp").stat().st_size
    refused(other, out)


def test_forgetting_puts_the_other_library_in_its_place(folder: Path, out: Path, tmp_path: Path) -> None:
    build(folder, out)
    other = other_library(tmp_path, ["a.png"])
    refused(other, out, BuildOptions(forget=("2019",)))
    summary = build(other, out, options=FORGET_ALL)
    assert (summary.added, summary.removed, summary.kept) == (1, 6, ())
    assert build(other, out).unchanged == 1


def moved(folder: Path) -> Path:
    return folder.rename(folder.with_name("moved"))


def moved_and_behind_a_link(folder: Path) -> Path:
    folder.symlink_to(moved(folder))
    return folder


def behind_a_link(folder: Path) -> Path:
    folder.with_name("link").symlink_to(folder)
    return folder.with_name("link")


def copied_in_part(folder: Path) -> Path:
    copied = shutil.copytree(folder, folder.with_name("copied"))
    shutil.rmtree(copied / "2019")
    draw(copied / "new.png", 50)
    return copied


def moved_and_sorted(folder: Path) -> Path:
    for number, name in enumerate(NAMES):
        (folder.parent / "sorted").mkdir(exist_ok=True)
        (folder / name).rename(folder.parent / "sorted" / f"{number} of them.png")
    return folder.parent / "sorted"


def parent(folder: Path) -> Path:
    draw(folder.parent / "more" / "x.png", 60)
    return folder.parent


@pytest.mark.parametrize(
    "now",
    [moved, moved_and_behind_a_link, behind_a_link, copied_in_part, moved_and_sorted, parent],
    ids=lambda now: now.__name__,
)
def test_the_same_library_is_accepted_wherever_it_lies(folder: Path, out: Path, now: Callable[[Path], Path]) -> None:
    build(folder, out)
    ids = ids_by_path(out)
    summary = build(now(folder), out)
    assert summary.encoded == summary.added
    assert summary.removed == 6 - (summary.unchanged + summary.renamed) <= 3
    assert len({*ids_by_path(out).values()} & {*ids.values()}) == 6 - summary.removed


def test_fewer_than_half_of_a_moved_library_is_another(folder: Path, out: Path) -> None:
    build(folder, out)
    copied = copied_in_part(folder)
    (copied / "0.png").unlink()
    assert refused(copied, out).pictures == 6


def test_a_part_of_the_folder_is_accepted_only_if_it_has_all_pictures(folder: Path, out: Path) -> None:
    build(folder, out)
    for name in ("0.png", "1.png"):
        (folder / name).rename(folder / "2019" / f"moved {name}")
    assert "has 6 pictures, some of which are not in" in str(refused(folder / "2019", out))
    (folder / "2.png").rename(folder / "2019" / "moved 2.png")
    summary = build(folder / "2019", out)
    assert (summary.renamed, summary.removed, summary.encoded) == (6, 0, 0)


def test_what_is_left_out_on_purpose_is_not_missed(folder: Path, out: Path) -> None:
    build(folder, out)
    assert build(moved(folder), out, options=BuildOptions(exclude=("2019/", "0.png"))).removed == 4


def test_the_rules_for_drives_hold_behind_a_link_to_where_the_library_went(folder: Path, out: Path) -> None:
    build(folder, out)
    link = moved_and_behind_a_link(folder)
    shutil.rmtree(link / "2019")
    (link / "2019").mkdir()
    assert [(kept.name, kept.pictures) for kept in build(link, out).kept] == [("2019", 3)]


def test_the_name_that_is_proposed_is_free_or_has_an_index_of_that_folder(folder: Path, out: Path, tmp_path: Path) -> None:
    wedding = other_library(tmp_path, ["a.png"], "Wedding")
    assert free_name(out, wedding) == out.parent / "wedding"
    build(wedding, out.parent / "wedding")
    assert free_name(out, wedding) == out.parent / "wedding"
    models = other_library(tmp_path, ["a.png"], "models")
    (out.parent / "models").mkdir()
    assert free_name(out, models) == out.parent / "models-index"
    assert free_name(out, Path("/")) == out.parent / "second"


def test_a_folder_that_is_not_there_is_only_itself(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to("loop")
    assert is_same_folder(tmp_path / "no", tmp_path / "no")
    assert not is_same_folder(tmp_path / "no", tmp_path)
    assert not is_same_folder(tmp_path / "loop", tmp_path)
