"""The library a page at a time: each picture once, in order, whatever the page's length; and its months."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from runtime.errors import ArtefactCorrupt
from runtime.library.catalog import Library
from runtime.library.photos.photo_columns import COUNTED
from runtime.library.photos.picture_pages import MonthCount, PageOrder, Timeline
from runtime.library.photos.where import Where
from tests.runtime.library.photo_library import NEWEST_FIRST, PHOTOS, write_photos


@pytest.fixture(scope="module", params=[True, False], ids=["counted by the build", "counted when asked"])
def photos(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Library:
    return write_photos(tmp_path_factory.mktemp("photos"), counts=request.param)


def pages(library: Library, order: PageOrder, limit: int, where: Where | None = None) -> list[int]:
    seen: list[int] = []
    while page := library.pages.page(order, limit, offset=len(seen), where=where):
        assert len(page) <= limit
        seen += page
    return seen


@pytest.mark.parametrize("limit", [1, 2, 3, 100])
def test_each_picture_comes_once_the_newest_first_and_those_without_a_date_last(photos: Library, limit: int) -> None:
    assert pages(photos, "date", limit) == NEWEST_FIRST
    assert pages(photos, "path", limit) == sorted(PHOTOS, key=lambda key: PHOTOS[key].path)


@pytest.mark.parametrize("limit", [1, 100])
@pytest.mark.parametrize("where", [Where("2019"), Where(None, "2019"), Where("2019-06", "2019-06"), Where(folder="holiday")])
def test_a_filter_leaves_out_and_keeps_the_order(photos: Library, limit: int, where: Where) -> None:
    left = set(photos.filters.ids(where).tolist())
    assert 0 < len(left) < len(PHOTOS)
    assert pages(photos, "date", limit, where) == [key for key in NEWEST_FIRST if key in left]
    assert set(pages(photos, "path", limit, where)) == left


def test_a_filter_that_leaves_nothing_has_no_page(photos: Library) -> None:
    assert photos.pages.page("date", 5, where=Where("2024")) == []


def test_the_timeline_counts_months_and_years_of_which_no_more_is_known(photos: Library) -> None:
    months = [("2020-01", 1), ("2019-12", 1), ("2019-06", 4), ("2019", 1), ("2018-06", 1), ("1998", 1)]
    assert photos.pages.timeline(None) == Timeline(10, 1, tuple(MonthCount(*month) for month in months))


def test_the_timeline_of_a_filter_counts_what_it_leaves(photos: Library) -> None:
    holiday = photos.pages.timeline(Where(folder="holiday"))
    assert holiday == Timeline(5, 0, (MonthCount("2019-12", 1), MonthCount("2019-06", 3), MonthCount("1998", 1)))
    assert photos.pages.timeline(Where("2024")) == Timeline(0, 0, ())


def test_without_facts_all_are_undated_and_come_by_id(tmp_path: Path) -> None:
    plain = write_photos(tmp_path, facts=False)
    assert plain.pages.timeline(None) == Timeline(10, 10, ())
    assert plain.pages.timeline(Where(folder="2020")) == Timeline(2, 2, ())
    assert pages(plain, "date", 3) == sorted(PHOTOS, reverse=True)
    assert pages(plain, "date", 1, Where(folder="2020")) == [6, 5]


@pytest.mark.parametrize("where", [None, Where("2019", "2019-12"), Where(folder="holiday")])
def test_where_a_month_begins_can_be_told_from_the_timeline(photos: Library, where: Where | None) -> None:
    timeline, offset = photos.pages.timeline(where), 0
    for month in timeline.months:
        page = photos.pages.page("date", month.pictures, offset=offset, where=where)
        assert [(PHOTOS[key].taken or "")[:7] for key in page] == [month.month] * month.pictures
        offset += month.pictures
    assert all(PHOTOS[key].taken is None for key in photos.pages.page("date", 100, offset=offset, where=where))


def test_behind_the_end_there_is_nothing(photos: Library) -> None:
    assert photos.pages.page("date", 5, offset=len(PHOTOS)) == []
    assert photos.pages.page("path", 5, offset=2**63 - 1, where=Where("2019")) == []


def damaged(folder: Path, statement: str) -> Library:
    write_photos(folder).close()
    with closing(sqlite3.connect(folder / "photos.sqlite")) as connection:
        connection.execute(statement)
        connection.commit()
    return Library(folder / "photos.sqlite", folder)


def test_a_date_that_is_no_text_is_damage(tmp_path: Path) -> None:
    library = damaged(tmp_path, "UPDATE photo_facts SET taken = x'ff' WHERE id = 2")
    with pytest.raises(ArtefactCorrupt, match="a date is no text"):
        library.filters.taken_of([2])
    with pytest.raises(ArtefactCorrupt, match="a date is no text"):
        library.pages.page("date", 5, where=Where("2019-06-10"))


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("UPDATE photo_columns SET cells = x'0102' WHERE name = 'camera'", "of other pictures"),
        ("UPDATE photo_columns SET cells = x'00000000ff0000000000' WHERE name = 'camera'", "stand for nothing"),
        ("UPDATE photo_columns SET cells = 'text' WHERE name = 'camera'", "cannot be read"),
        ("UPDATE photo_columns SET cell_bytes = 3 WHERE name = 'id'", "cannot be read"),
        ("UPDATE photo_columns SET cells = x'0102' WHERE name = 'id'", "more pictures by month"),
    ],
)
def test_columns_that_do_not_fit_are_damage(tmp_path: Path, statement: str, said: str) -> None:
    library = damaged(tmp_path, statement)
    with pytest.raises(ArtefactCorrupt, match=said):
        library.pages.timeline(Where("2019", camera="Pixel"))


def test_a_build_writes_the_columns_that_are_made_where_there_are_none(tmp_path: Path) -> None:
    (tmp_path / "asked").mkdir()
    built, asked = write_photos(tmp_path), write_photos(tmp_path / "asked", counts=False)
    assert built.filters.columns.ids.tolist() == asked.filters.columns.ids.tolist() == NEWEST_FIRST
    for column, kind in COUNTED.items():
        named = [
            [(None, *library.filters.counts.of(kind))[number] for number in library.filters.columns.of(column)]
            for library in (built, asked)
        ]
        assert named[0] == named[1]
        assert len(set(named[0])) > 3
