"""An index that changes while the page is open, one that is still being read, and a server that allows fewer results."""

import json

import pytest
from playwright.sync_api import Page, Route, expect

from tests.frontend.driving import cards, open_explained
from tests.frontend.stand_in import StandIn
from tests.frontend.test_matches import hits

pytestmark = pytest.mark.browser
PAGE = 24
SEEN_AGAIN = "document.dispatchEvent(new Event('visibilitychange'))"


def refused(code: str, message: str) -> dict[str, object]:
    return {"error": {"code": code, "message": message}}


def test_a_server_that_allows_fewer_results_is_asked_for_as_many_as_it_allows(page: Page, stand_in: StandIn) -> None:
    message = "top_k is 24; it must be a whole number from 1 to 5."
    stand_in.fail_next(422, refused("top_k_out_of_range", message))
    stand_in.answer_next(results=hits(strong=5), next="c1")
    open_explained(page, f"{stand_in.url}/?q=boat")
    expect(cards(page)).to_have_count(5)
    stand_in.answer_next(results=hits(strong=5, first=5))
    page.get_by_role("button", name="More", exact=True).press("Enter")
    expect(cards(page)).to_have_count(10)
    assert [fields["top_k"] for fields in stand_in.asked["search"]] == [24, 5, 5]
    stand_in.wait_until_asked("explain", 2)
    assert [fields["ids"] for fields in stand_in.asked["explain"]] == [[0, 1, 2, 3, 4], [5, 6, 7, 8, 9]]


def test_a_cursor_of_another_index_is_followed_by_what_a_new_search_finds_beyond_what_is_shown(
    page: Page, stand_in: StandIn
) -> None:
    stand_in.answer_next(results=hits(strong=PAGE), next="c1")
    open_explained(page, f"{stand_in.url}/?q=boat")
    stand_in.fail_next(422, refused("cursor_invalid", "The cursor belongs to another index."))
    stand_in.answer_next(results=hits(strong=PAGE), next="d1")  # all of them are shown
    stand_in.answer_next(results=hits(strong=3, first=PAGE - 1))
    page.get_by_role("button", name="More", exact=True).press("Enter")
    expect(cards(page)).to_have_count(PAGE + 2)
    expect(page.get_by_role("alert")).to_have_count(0)
    assert [fields.get("cursor") for fields in stand_in.asked["search"]] == [None, "c1", None, "d1"]


def test_who_comes_back_to_a_library_that_has_changed_is_told_and_can_have_it_shown(page: Page, stand_in: StandIn) -> None:
    ready = {"status": "ready", "pictures": 8, "generation": "g1", "awaited": 12_000}
    page.route("**/readyz", lambda route: route.fulfill(body=json.dumps(ready), content_type="application/json"))
    page.goto(stand_in.url)
    expect(page.locator("#awaited")).to_have_text("12,000 more are being read.")
    with page.expect_response("**/readyz"):
        page.evaluate(SEEN_AGAIN)
    expect(page.locator(".toast")).to_have_count(0)
    ready |= {"generation": "g2", "awaited": 0}
    page.evaluate(SEEN_AGAIN)
    expect(page.locator(".toast")).to_contain_text("The library has changed")
    expect(page.locator("#awaited")).to_be_empty()
    page.get_by_role("button", name="Show", exact=True).click()
    stand_in.wait_until_asked("timeline", 2)
    expect(page.locator("#months button.picture")).to_have_count(10)
    expect(page.locator(".toast")).to_have_count(0)


def test_a_linked_search_is_sent_once_and_before_the_page_s_own_modules_are_here(page: Page, stand_in: StandIn) -> None:
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/app.js", hold)
    page.goto(f"{stand_in.url}/?q=boat&from=2019", wait_until="commit")
    stand_in.wait_until_asked("search", 1)
    page.wait_for_function("performance.getEntriesByName(new URL('search', document.baseURI).href).length === 1")
    expect(cards(page)).to_have_count(0)
    held[0].continue_()
    expect(cards(page)).to_have_count(8)
    assert stand_in.asked["search"] == [{"query": "boat", "top_k": 24, "explain": False, "where": {"from": "2019"}}]
