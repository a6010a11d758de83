"""Filters over a real catalogue: what each key finds, alone and with others, and where facts or counts are lacking."""

import sqlite3
from contextlib import closing
from itertools import product
from pathlib import Path

import numpy as np
import pytest

from runtime.library.catalog import Library
from runtime.library.photos.filters import kept_in_order
from runtime.library.photos.where import FilterInvalid, PhotoFactsMissing, Where
from runtime.library.picture_text import PICTURE_TEXT_SCHEMA
from tests.runtime.library.photo_library import PHOTOS, write_photos


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Library:
    return write_photos(tmp_path_factory.mktemp("photos"))


@pytest.fixture(scope="module")
def uncounted(tmp_path_factory: pytest.TempPathFactory) -> Library:
    return write_photos(tmp_path_factory.mktemp("photos"), counts=False)


FIRST, LAST = "0001-01-01T00:00:00", "9999-12-31T23:59:59"


def span(date: str) -> tuple[str, str]:
    """The first and the last second of a date; a day too many in a month changes no comparison."""
    return date + FIRST[len(date) :], date + ("-12-31T23:59:59"[len(date) - len(LAST) :] if len(date) < len(LAST) else "")


DATES = [None, "1998", "2018", "2019", "2020", "2019-06", "2019-12", "2018-07", "2019-06-02", "2019-06-15", "2019-12-31"]


def test_dates_of_any_precision_overlap_those_of_photos_of_any_precision(photos: Library) -> None:
    for first, last in product(DATES, DATES):
        if (first is None and last is None) or (first and last and span(first)[0] > span(last)[1]):
            continue
        expected = [
            key
            for key, photo in PHOTOS.items()
            if photo.taken
            and (first is None or span(photo.taken)[1] >= span(first)[0])
            and (last is None or span(photo.taken)[0] <= span(last)[1])
        ]
        assert photos.filters.ids(Where(first, last)).tolist() == expected, (first, last)


@pytest.mark.parametrize(
    ("place", "ids"),
    [
        ("Lisbon", [1, 2, 5]),
        ("LISBON", [1, 2, 5]),
        ("Lisbon, Portugal", [1, 2]),
        ("Lisbon, PT", [1, 2]),
        ("lisbon,usa", [5]),
        ("Portugal", [1, 2, 11]),
        ("pt", [1, 2, 11]),
        ("saint etienne", [3]),
        ("France", [3, 4]),
        ("San Jose", [8]),
        ("Lissabon", [1, 2, 5]),
        ("Лиссабон, Portugal", [1, 2]),
        ("Oporto", [11]),
        ("Lis", []),
        ("Berlin", []),
        ("'); DROP TABLE images; --", []),
    ],
)
def test_a_place_is_a_town_or_a_country_without_case_and_accents(
    photos: Library, uncounted: Library, place: str, ids: list[int]
) -> None:
    assert photos.filters.ids(Where(place=place)).tolist() == ids
    assert uncounted.filters.ids(Where(place=place)).tolist() == ids


@pytest.mark.parametrize(
    ("camera", "ids"),
    [
        ("Pixel 7", [1, 2, 11]),
        ("7 pixel", [1, 2, 11]),
        ("pixel", [1, 2, 8, 11]),
        ("CANON", [3, 4]),
        ("7", [1, 2, 11]),
        ("R", []),
    ],
)
def test_a_camera_has_all_words(photos: Library, camera: str, ids: list[int]) -> None:
    assert photos.filters.ids(Where(camera=camera)).tolist() == ids


@pytest.mark.parametrize(
    ("folder", "ids"),
    [
        ("holiday", [1, 2, 5, 7, 11]),
        ("Holiday", [1, 2, 5, 7, 11]),
        ("2019/holiday", [1, 2, 11]),
        ("holiday/sub", [2]),
        ("2019", [1, 2, 3, 4, 11]),
        ("holiday party", [4]),
        ("holi", []),
        ("2019/sub", []),
        ("café", [8]),
        ("..", []),
        ("%", []),
        ("old.jpg", []),
    ],
)
def test_a_folder_is_whole_names_anywhere_in_the_path(photos: Library, folder: str, ids: list[int]) -> None:
    assert photos.filters.ids(Where(folder=folder)).tolist() == ids


def test_all_that_is_asked_for_must_hold(photos: Library) -> None:
    assert photos.filters.ids(Where("2019-06", "2019-06", "holiday", "Lisbon", "Pixel 7")).tolist() == [1, 2]
    assert photos.filters.ids(Where("2019-06-10", "2019-06", "holiday", "Portugal", "Pixel 7")).tolist() == [2, 11]
    assert photos.filters.ids(Where("2021", folder="holiday")).tolist() == []


def test_without_facts_a_folder_can_be_filtered_by_and_nothing_else(tmp_path: Path) -> None:
    plain = write_photos(tmp_path, facts=False)
    assert plain.filters.ids(Where(folder="2020")).tolist() == [5, 6]
    with pytest.raises(PhotoFactsMissing, match=r"from, camera cannot be used\. Build it again .* lookwhy index FOLDER"):
        plain.filters.ids(Where("2019", camera="Pixel", folder="2020"))
    assert plain.filters.taken_of([1]) == {}


def test_the_ids_of_a_filter_are_read_once(photos: Library) -> None:
    where = Where(place="Porto")
    assert photos.filters.ids(where) is photos.filters.ids(Where(place="Porto"))


def test_words_are_found_among_the_pictures_that_a_filter_leaves(photos: Library) -> None:
    def find(*ids: int) -> list[int]:
        allowed = np.array(ids, np.int64)
        return photos.text.find(["red", "boat"], 10, last="boat", names_only=False, allowed=allowed)

    assert find(2, 8) == [2, 8]
    assert find(9) == []
    assert find() == []


def test_of_some_ids_the_allowed_ones_stay_in_their_order() -> None:
    assert kept_in_order([5, 1, 9, 3], np.array([1, 5, 7], np.int64)) == [5, 1]
    assert kept_in_order([], np.array([1], np.int64)) == []
    assert kept_in_order([1], np.array([], np.int64)) == []


def test_text_is_filtered_by_where_pictures_were_looked_at_for_it(tmp_path: Path) -> None:
    library = write_photos(tmp_path)
    with pytest.raises(FilterInvalid, match=r"no text was read in this library's pictures yet .*--text now"):
        library.filters.ids(Where(has_text=True))
    with closing(sqlite3.connect(tmp_path / "photos.sqlite", isolation_level=None)) as connection:
        words = ((1, '[["PLATFORM",0,0,1,1]]'), (2, "[]"), (3, '[["4",0,0,1,1]]'))
        connection.executescript(PICTURE_TEXT_SCHEMA)
        connection.executemany("INSERT INTO picture_text VALUES (?, 'reader', ?)", words)
    read = Library(tmp_path / "photos.sqlite", tmp_path)
    assert read.filters.ids(Where(has_text=True)).tolist() == [1, 3]
    assert read.filters.ids(Where(has_text=False)).tolist() == [2]
    assert read.filters.ids(Where(place="Lisbon", folder="holiday", has_text=True)).tolist() == [1]
