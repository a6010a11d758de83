"""Which filters a query's words suggest, and that what only looks like a date or a place suggests none."""

from pathlib import Path

import pytest

from runtime.library.catalog import Library
from runtime.search.query import RequestLimits
from runtime.search.suggested_filters import suggest_filters
from tests.runtime.library.photo_library import write_photos


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Library:
    return write_photos(tmp_path_factory.mktemp("photos"))


def suggested(library: Library, query: str, **where: str) -> list[tuple[str, dict[str, str], str]]:
    request = RequestLimits().check_search(query, 5, where=where)
    return [(one.words, dict(one.where), one.query) for one in suggest_filters(request, library.filters.counts)]


@pytest.mark.parametrize(
    ("query", "words", "first", "last", "rest"),
    [
        ("boats from 2019", "from 2019", "2019", "2019", "boats"),
        ("boats 2019", "2019", "2019", "2019", "boats"),
        ("a beach in june 2019, -people", "in june 2019", "2019-06", "2019-06", "a beach, -people"),
        ("2 June 2019 party", "2 June 2019", "2019-06-02", "2019-06-02", "party"),
        ("party on Sept. 3rd, 2019", "on Sept. 3rd, 2019", "2019-09-03", "2019-09-03", "party"),
        ("2019-06-02 boat", "2019-06-02", "2019-06-02", "2019-06-02", "boat"),
        ("from 2015 to 2018 dogs", "from 2015 to 2018", "2015", "2018", "dogs"),
        ("dogs between March 2015 and 2018", "between March 2015 and 2018", "2015-03", "2018", "dogs"),
        ("since 2015 cats", "since 2015", "2015", None, "cats"),
        ("cats before 2015", "before 2015", None, "2014", "cats"),
        ("cats until June 2015", "until June 2015", None, "2015-06", "cats"),
        ("cats after December 2015", "after December 2015", "2016-01", None, "cats"),
        ("cats before 2016-03-01", "before 2016-03-01", None, "2016-02-29", "cats"),
        ("cats from the 1990s", "from the 1990s", "1990", "1999", "cats"),
        ("June 2019", "June 2019", "2019-06", "2019-06", ""),
        ("photos from 2019", "from 2019", "2019", "2019", ""),
        ("the pictures I took in 2019", "in 2019", "2019", "2019", ""),
        ("🐶 in 2019", "in 2019", "2019", "2019", "🐶"),
    ],
)
def test_a_date_with_its_year(
    photos: Library, query: str, words: str, first: str | None, last: str | None, rest: str
) -> None:
    where = {key: value for key, value in (("from", first), ("to", last)) if value}
    assert suggested(photos, query) == [(words, where, rest)]


@pytest.mark.parametrize(
    ("query", "words", "place", "rest"),
    [
        ("a tram in Lisbon at night", "in Lisbon", "Lisbon", "a tram at night"),
        ("a tram in Lisbon, Portugal", "in Lisbon, Portugal", "Lisbon, Portugal", "a tram"),
        ("cats from france without dogs", "from france", "france", "cats without dogs"),
        ("in saint etienne", "in saint etienne", "saint etienne", ""),
        ("a cup in San Jose -coffee", "in San Jose", "San Jose", "a cup -coffee"),
    ],
)
def test_a_place_that_a_picture_is_of(photos: Library, query: str, words: str, place: str, rest: str) -> None:
    assert suggested(photos, query) == [(words, {"place": place}, rest)]


@pytest.mark.parametrize(
    "query",
    [
        "dogs -2019",
        "dogs not from 2019",
        '"from 2019" on a poster',
        "2000 people",
        "boats from 20٢٢",
        "1920x1080",
        "a boat from 31 February 2019",
        "in 2999",
        "last summer",
        "in June",
        "Lisbon",
        "in Berlin",
        "in Lisbon weather",
        "a boat -'in Lisbon'",
    ],
)
def test_what_only_looks_like_one_suggests_nothing(photos: Library, query: str) -> None:
    assert suggested(photos, query) == []


def test_a_date_and_a_place_are_suggested_each_for_itself_and_none_that_is_asked_for(photos: Library) -> None:
    query = "boats from 2019 in Lisbon"
    date = ("from 2019", {"from": "2019", "to": "2019"}, "boats in Lisbon")
    place = ("in Lisbon", {"place": "Lisbon"}, "boats from 2019")
    assert suggested(photos, query) == [date, place]
    assert suggested(photos, query, to="2020") == [place]
    assert suggested(photos, query, place="Porto") == [date]


def test_an_index_without_facts_suggests_nothing(tmp_path: Path) -> None:
    assert suggested(write_photos(tmp_path, facts=False), "boats from 2019 in Lisbon") == []
