"""Folders with counts: each count is what a filter by that name leaves."""

from pathlib import Path

import pytest

from export.index.catalog import Catalog, IndexedImage, write_catalog
from runtime.library.catalog import Library
from runtime.library.photos.folder_counts import FOLDERS_MAX, FolderCount
from runtime.library.photos.where import Where, check_where
from tests.runtime.library.photo_library import write_photos


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Library:
    return write_photos(tmp_path_factory.mktemp("photos"))


def library_of(folder: Path, paths: list[str]) -> Library:
    rows = [IndexedImage(at, path, f"{at:064x}", 1, 1, 1, None, 0) for at, path in enumerate(paths, start=1)]
    write_catalog(folder / "catalog.sqlite", Catalog(rows))
    return Library(folder / "catalog.sqlite", folder)


def test_the_folders_with_most_pictures_come_first_two_levels_deep(photos: Library) -> None:
    assert [(count.folder, count.pictures) for count in photos.folders.of(None)] == [
        ("2019", 5),
        ("holiday", 5),
        ("2019/holiday", 3),
        ("2020", 2),
        ("2019/Holiday party", 1),
        ("2020/holiday", 1),
        ("Cafe\u0301", 1),
    ]


@pytest.mark.parametrize(
    "where", [None, Where("2019", "2019"), Where(folder="holiday"), Where(place="Lisbon"), Where("2024")]
)
def test_a_count_is_what_a_filter_by_this_name_leaves(photos: Library, where: Where | None) -> None:
    given = {} if where is None else {"from": where.first, "to": where.last, "place": where.place}
    for count in photos.folders.of(where):
        both = check_where(given | {"folder": count.folder})
        assert both
        left = set(photos.filters.ids(both).tolist())
        assert count.pictures == len(left & set(photos.filters.ids(where).tolist()) if where else left)
    assert bool(photos.folders.of(where)) == (where != Where("2024"))


def test_names_that_a_filter_takes_for_one_are_one(tmp_path: Path) -> None:
    paths = ["Été/a.jpg", "ete/b.jpg", "x/ETE/c.jpg", "x/y/ete/ete/d.jpg", "e.jpg"]
    library = library_of(tmp_path, paths)
    assert library.folders.of(None) == (
        FolderCount("ete", 4),
        FolderCount("x", 2),
        FolderCount("x/ETE", 1),
        FolderCount("x/y", 1),
    )
    assert len(library.filters.ids(Where(folder="été"))) == 4


def test_a_name_that_no_filter_can_have_is_left_out(tmp_path: Path) -> None:
    paths = [" spaced/a.jpg", "b /c.jpg", f"{'x' * 250}/{'y' * 251}/d.jpg", "plain/ inner/e.jpg"]
    found = library_of(tmp_path, paths).folders.of(None)
    assert [count.folder for count in found] == ["plain", "plain/ inner", "x" * 250]


def test_at_most_200_are_named(tmp_path: Path) -> None:
    many = [f"{at:03}/{at}.jpg" for at in range(FOLDERS_MAX + 20)]
    found = library_of(tmp_path, [*many, "219/more.jpg"]).folders.of(None)
    assert len(found) == FOLDERS_MAX
    assert (found[0], found[-1].folder) == (FolderCount("219", 2), "198")
