"""From a condition to filters of S3 Vectors: none of them is longer than the service takes."""

import pytest

from runtime.library.remote.faults import StoreLacks
from runtime.library.remote.filter_condition import Condition, TakenRange
from runtime.stores.s3vectors.filters import FILTERS_MAX, VALUES_MAX, metadata_filters
from runtime.stores.s3vectors.metadata import token_of


def test_a_condition_that_no_picture_meets_asks_nothing() -> None:
    assert metadata_filters(Condition(places=())) == []


def test_all_that_a_condition_names_must_hold() -> None:
    taken = TakenRange("2019-06", "2019-12~", ("2019",))
    between = {"taken": {"$gte": 20190600000000, "$lt": 20191299999999}}
    assert metadata_filters(Condition(taken, (("Lisbon", "PT"),), ("Pixel", "EOS"), ("2019/",), has_text=True)) == [
        {
            "$and": [
                {"$or": [between, {"taken": {"$in": [20190000000000]}}]},
                {"has_text": True},
                {"place": "PT/Lisbon"},
                {"camera": {"$in": ["Pixel", "EOS"]}},
                {"folder": token_of("2019/")},
            ]
        }
    ]


def test_a_country_with_many_towns_is_asked_for_by_its_name() -> None:
    towns = tuple((f"town {number}", "PT") for number in range(300))
    assert metadata_filters(Condition(places=towns)) == [{"country": "PT"}]


def test_a_folder_with_many_below_it_is_asked_for_with_all_that_lie_in_it() -> None:
    folders = tuple(f"2019/{day}/" for day in range(365))
    assert metadata_filters(Condition(folders=("2019/", *folders))) == [{"under": token_of("2019/")}]


def test_many_folders_are_several_questions() -> None:
    folders = tuple(f"{year}/holiday/" for year in range(200))
    filters = metadata_filters(Condition(folders=folders, has_text=False))
    assert len(filters) == 3
    named = [token for one in filters for token in one["$and"][1]["under"]["$in"]]
    assert sorted(named) == sorted(map(token_of, folders))


def test_more_than_can_be_asked_is_refused_with_its_number() -> None:
    folders = tuple(f"{number}/holiday/" for number in range(VALUES_MAX * FILTERS_MAX + 1))
    with pytest.raises(StoreLacks, match="641"):
        metadata_filters(Condition(folders=folders))
