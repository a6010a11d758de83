"""More results than one page: by scrolling, and by the button; without asking for what nobody wants to see."""

import pytest
from playwright.sync_api import Page, expect

from tests.frontend.answers import result
from tests.frontend.driving import cards, open_explained, pictures, search
from tests.frontend.stand_in import StandIn
from tests.frontend.test_matches import hits

pytestmark = pytest.mark.browser
PAGE = 24
TO_THE_END = "scrollTo(0, document.body.scrollHeight)"


def cursors(stand_in: StandIn) -> list[object]:
    return [fields.get("cursor") for fields in stand_in.asked["search"]]


def test_the_button_fetches_the_next_page_and_leads_to_its_first_card(page: Page, stand_in: StandIn) -> None:
    stand_in.answer_next(results=hits(strong=PAGE), next="c1")
    stand_in.answer_next(results=hits(strong=2, none=3, first=PAGE), next="c2")
    open_explained(page, f"{stand_in.url}/?q=boat")
    expect(page.get_by_role("status")).to_have_text("The first 24 matches for “boat”")
    page.get_by_role("button", name="More", exact=True).press("Enter")
    expect(pictures(page).nth(PAGE)).to_be_focused()
    expect(page.locator("#announcer")).to_have_text("5 pictures more")
    expect(page.get_by_role("status")).to_have_text("26 matches for “boat”")
    expect(cards(page)).to_have_count(PAGE + 2)
    expect(page.get_by_role("button", name="More", exact=True)).to_be_hidden()  # the matches have run out
    stand_in.answer_next(results=hits(strong=1, none=2, first=40))
    page.get_by_text("3 near misses").click()  # whose end is in sight
    page.evaluate(TO_THE_END)
    expect(page.get_by_text("5 near misses")).to_be_visible()
    expect(page.get_by_role("list", name="Pictures").locator(".card")).to_have_count(PAGE + 3)
    expect(page.get_by_role("button", name="More", exact=True)).to_be_hidden()
    assert cursors(stand_in) == [None, "c1", "c2"]
    expect(page.locator(".card[data-why='known']")).to_have_count(PAGE + 5 + 3)
    ids = [number for fields in stand_in.asked["explain"] for number in fields["ids"]]
    assert len(ids) == len(set(ids)) == PAGE + 5 + 3  # each explained once


def test_scrolling_fetches_more_until_there_is_no_more(page: Page, stand_in: StandIn) -> None:
    stand_in.answer_next(results=hits(strong=PAGE), next="c1")
    for number in (1, 2):
        stand_in.answer_next(results=hits(strong=PAGE, first=number * PAGE), next="c2" if number == 1 else None)
    open_explained(page, f"{stand_in.url}/?q=boat")
    assert cursors(stand_in) == [None]  # not before anyone scrolls
    for count in (2, 3):
        page.evaluate(TO_THE_END)
        expect(cards(page)).to_have_count(count * PAGE)
    page.evaluate(TO_THE_END)
    expect(page.get_by_role("status")).to_have_text("72 matches for “boat”")
    assert cursors(stand_in) == [None, "c1", "c2"]
    search(page, "another")
    expect(page.get_by_role("status")).to_have_text("8 matches for “another”")
    assert page.evaluate("scrollY") == 0


def test_a_page_that_fails_says_so_and_is_tried_again_by_hand_only(page: Page, stand_in: StandIn) -> None:
    stand_in.answer_next(results=hits(strong=PAGE), next="c1")
    open_explained(page, f"{stand_in.url}/?q=boat")
    stand_in.fail_next(500, {"error": {"code": "internal", "message": "It broke."}})
    page.evaluate(TO_THE_END)
    toast = page.get_by_role("alert")
    expect(toast).to_contain_text("More pictures could not be fetched")
    for place in ("scrollTo(0, 100)", TO_THE_END):
        page.evaluate(place)
    stand_in.answer_next(results=hits(strong=1, first=PAGE))
    toast.get_by_role("button", name="Try again").click()
    expect(cards(page)).to_have_count(PAGE + 1)
    assert cursors(stand_in) == [None, "c1", "c1"]


def test_more_of_an_earlier_search_is_dropped(page: Page, stand_in: StandIn) -> None:
    stand_in.answer_next(results=[result(0)], next="c1")
    open_explained(page, f"{stand_in.url}/?q=slow")
    release = stand_in.hold_next()
    page.get_by_role("button", name="More", exact=True).press("Enter")
    stand_in.wait_until_asked("search", 2)
    search(page, "quick")
    expect(page.get_by_role("status")).to_have_text("8 matches for “quick”")
    release.set()
    expect(cards(page)).to_have_count(8)
    expect(page.get_by_role("alert")).to_have_count(0)
