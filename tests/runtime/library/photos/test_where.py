"""A filter is checked before any work, and an error says what was given and what is allowed."""

from typing import Any

import pytest

from runtime.library.photos.where import FilterInvalid, Where, check_where


@pytest.mark.parametrize("given", [None, {}, {"from": None}, {"place": "  ", "folder": ""}])
def test_a_filter_that_leaves_all_open_is_none(given: Any) -> None:
    assert check_where(given) is None


def test_a_filter_keeps_what_it_says_and_tidies_a_folder() -> None:
    given = {"from": "2019-06", "to": "2019", "folder": "./2019//holiday/", "place": " Lisbon ", "camera": "Pixel 7"}
    assert check_where(given) == Where("2019-06", "2019", "2019/holiday", "Lisbon", "Pixel 7")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"form": "2019"}, "'form'; it must be one of from, to, folder, place, camera"),
        ({"has_text": "yes"}, "has_text is 'yes'; it must be true or false"),
        ({"has_text": 1}, "has_text is 1; it must be true or false"),
        ({"from": 2019}, "from is 2019; it must be a text"),
        ({"from": "2019-13"}, "from is '2019-13'; it must be a date such as 2019, 2019-06 or 2019-06-02"),
        ({"to": "2019-02-29"}, "to is '2019-02-29'"),
        ({"to": "0000"}, "to is '0000'"),
        ({"to": "2019-06-02T10:00"}, "to is '2019-06-02T10:00'"),
        ({"to": "٢٠١٩"}, "it must be a date"),
        ({"from": "2020", "to": "2019-12"}, "to is '2019-12'; it must be no earlier than from, 2020"),
        ({"folder": "//./"}, "folder is '//./'; it must be the name of a folder"),
        ({"place": "?!"}, "place is"),
        ({"camera": ["Pixel"]}, r"camera is \['Pixel'\]; it must be a text"),
        ({"place": "\ud800"}, r"place is '\\ud800'; it must be whole characters"),
        ({"place": "x" * 501}, r"x\.\.\.; it must be at most 500 characters long"),
        ([1], r"where is \[1\]; it must be an object"),
        ("2019", "where is '2019'; it must be an object"),
    ],
)
def test_what_cannot_be_filtered_by_is_refused_by_name(given: Any, said: str) -> None:
    with pytest.raises(FilterInvalid, match=said) as refused:
        check_where(given)
    str(refused.value).encode()


@pytest.mark.parametrize(("first", "last"), [("2019-06", "2019"), ("2019", "2019-06"), ("2019-06-02", "2019-06-02")])
def test_dates_of_different_precision_may_overlap(first: str, last: str) -> None:
    assert check_where({"from": first, "to": last}) == Where(first, last)


@pytest.mark.parametrize(("given", "meant"), [(True, True), (False, False), ("true", True), ("False", False)])
def test_text_is_asked_for_by_a_boolean_or_as_a_query_string_has_it(given: Any, meant: bool) -> None:
    assert check_where({"has_text": given}) == Where(has_text=meant)
