"""Matches before near misses: what is shown first, what only on request, and what the line above the pictures says."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.frontend.answers import result
from tests.frontend.driving import cards, open_explained, pictures
from tests.frontend.stand_in import StandIn

pytestmark = pytest.mark.browser
NONE: dict[str, Any] = {"verdict": "none", "match_probability": 0.06}
WEAK: dict[str, Any] = {"verdict": "weak", "match_probability": 0.54}
UNKNOWN: dict[str, Any] = {"verdict": None, "match_probability": None}


def hits(strong: int = 0, weak: int = 0, none: int = 0, unknown: int = 0, first: int = 0) -> list[dict[str, Any]]:
    """Return results with these verdicts, numbered from `first` on."""
    verdicts: list[dict[str, Any]] = [{}] * strong + [WEAK] * weak + [NONE] * none + [UNKNOWN] * unknown
    return [result(number, **verdict) for number, verdict in enumerate(verdicts, first)]


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (hits(strong=3, none=5), "3 matches for “a dog”"),
        (hits(strong=1, weak=1, none=1), "2 matches for “a dog”"),
        (hits(strong=1), "1 match for “a dog”"),
        (hits(weak=2, none=1), "2 possible matches for “a dog”"),
        (hits(none=2), "Nothing matches “a dog”. The nearest:"),
        (hits(unknown=2), "2 pictures for “a dog”"),
        ([], "No pictures for “a dog”"),
    ],
)
def test_the_line_above_the_pictures_does_not_bluff(
    page: Page, stand_in: StandIn, found: list[dict[str, Any]], said: str
) -> None:
    stand_in.answer_next(results=found)
    page.goto(f"{stand_in.url}/?q=a+dog")
    expect(page.get_by_role("status")).to_have_text(said)


def test_near_misses_are_closed_and_cost_nothing_until_they_are_opened(page: Page, stand_in: StandIn) -> None:
    stand_in.answer_next(results=hits(strong=2, none=3))
    open_explained(page, f"{stand_in.url}/?q=boat")
    expect(cards(page)).to_have_count(2)
    assert [fields["ids"] for fields in stand_in.asked["explain"]] == [[0, 1]]
    page.get_by_text("3 near misses").click()
    expect(page.get_by_role("list", name="Near misses").locator(".explanation").last).to_contain_text("(4)")
    assert [fields["ids"] for fields in stand_in.asked["explain"]] == [[0, 1], [2, 3, 4]]
    page.get_by_text("3 near misses").click()
    expect(cards(page).nth(4)).to_be_hidden()
    pictures(page).nth(1).press("ArrowRight")
    expect(pictures(page).nth(1)).to_be_focused()  # a card that is not shown takes no focus
    page.get_by_text("3 near misses").click()
    expect(cards(page).nth(4)).to_be_visible()
    assert len(stand_in.asked["explain"]) == 2


def test_near_misses_come_once_all_matches_are_there_which_would_push_them_on(page: Page, stand_in: StandIn) -> None:
    page.set_viewport_size({"width": 390, "height": 844})  # a first row of fewer cards than there are matches
    page.add_init_script("scheduler.postTask = () => new Promise((resolve) => (window.make_the_others = resolve))")
    stand_in.answer_next(results=hits(strong=6, none=2))
    page.goto(f"{stand_in.url}/?q=boat")
    page.wait_for_function("() => Boolean(window.make_the_others)")
    assert cards(page).count() < 6
    expect(page.get_by_text("2 near misses")).to_be_hidden()
    page.evaluate("window.make_the_others()")
    expect(cards(page)).to_have_count(6)
    expect(page.get_by_text("2 near misses")).to_be_visible()


def test_without_a_match_the_nearest_are_open_and_have_their_reasons(page: Page, stand_in: StandIn) -> None:
    stand_in.answer_next(verdict="none", results=hits(none=3))
    open_explained(page, f"{stand_in.url}/?q=a+dog")
    expect(cards(page)).to_have_count(3)
    expect(cards(page).last.locator(".explanation")).to_contain_text("(2)")
    expect(page.locator("summary")).to_be_hidden()
    assert len(stand_in.asked["explain"]) == 1


def test_without_a_verdict_there_is_one_list(page: Page, stand_in: StandIn) -> None:
    stand_in.answer_next(results=hits(unknown=4))
    open_explained(page, f"{stand_in.url}/?q=boat")
    expect(page.get_by_role("list", name="Pictures").locator(".card")).to_have_count(4)
    expect(page.locator("#misses")).to_be_hidden()


def test_a_filter_that_leaves_nothing_says_so(page: Page, stand_in: StandIn) -> None:
    filtered = {"pictures": 0, "of": 300, "message": "No picture is from 1850."}
    stand_in.answer_next(results=[], filtered=filtered)
    page.goto(f"{stand_in.url}/?q=boat&from=1850&to=1850")
    expect(page.get_by_role("status")).to_contain_text("No picture is from 1850.")


def test_filters_that_the_words_suggest_are_one_click_away(page: Page, stand_in: StandIn) -> None:
    suggested = [{"words": "from 2019", "where": {"from": "2019", "to": "2019"}, "query": "boats"}]
    stand_in.answer_next(filters_suggested=suggested)
    page.goto(f"{stand_in.url}/?q=boats+from+2019")
    page.get_by_role("link", name="Only from 2019").click()
    expect(page.get_by_role("status")).to_have_text("8 matches for “boats”")
    expect(page.get_by_role("link", name="Only from 2019")).to_have_count(0)
    page.go_back()
    expect(page.get_by_role("searchbox")).to_have_value("boats from 2019")


def test_where_nothing_matches_the_filter_that_the_words_suggest_is_the_next_step(page: Page, stand_in: StandIn) -> None:
    suggested = [{"words": "from 2021", "where": {"from": "2021", "to": "2021"}, "query": "a red boat"}]
    stand_in.answer_next(verdict="none", results=hits(none=3), filters_suggested=suggested)
    page.goto(f"{stand_in.url}/?q=a+red+boat+from+2021")
    said = "Nothing matches “a red boat from 2021”. Try the date or place as a filter:"
    expect(page.get_by_role("status")).to_have_text(said)
    expect(page.get_by_text("3 near misses")).to_be_visible()
    page.get_by_role("combobox", name="Order").focus()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Only from 2021: “a red boat”")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{stand_in.url}/?q=a+red+boat&from=2021&to=2021")
    expect(page.get_by_role("status")).to_have_text("8 matches for “a red boat”")


def test_hovering_asks_the_server_for_nothing_and_h_opens_the_viewer_with_the_heatmap(page: Page, stand_in: StandIn) -> None:
    open_explained(page, f"{stand_in.url}/?q=boat")
    with page.expect_request("**/explain") as asked:
        for number in range(4):
            pictures(page).nth(number).hover()
        page.keyboard.press("/")
        page.keyboard.press("ArrowDown")
        page.keyboard.press("ArrowRight")
        page.keyboard.press("h")
    assert (asked.value.post_data_json or {})["ids"] == [1]  # else a hover had come before
    expect(page.locator("#viewer_picture canvas")).to_have_css("opacity", "1")
