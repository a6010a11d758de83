"""What the page shows where nothing is searched for: the library by month, of which only what is near has pictures."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.frontend.conftest import watched_page
from tests.frontend.driving import cards, search, stop_clock
from tests.frontend.stand_in import StandIn
from tests.frontend.stand_in_server import serving

pytestmark = pytest.mark.browser
MANY = {"2021-07": 150, "2021-06": 7, "2020-12": 3000, "2019": 1}
WATCH_SHIFTS = """
  window.shifts = [];
  new PerformanceObserver((list) => window.shifts.push(...list.getEntries().map(({value}) => value)))
    .observe({type: "layout-shift", buffered: true});
"""
# What the eye sees of the pictures in a row: all as high, none cropped, from the left edge to the right one.
ROWS = """(box) => {
  const rows = Map.groupBy(box.querySelectorAll("button"), (cell) => Math.round(cell.getBoundingClientRect().top));
  return [...rows.values()].map((row) => ({
    heights: row.map((cell) => cell.offsetHeight),
    ratios: row.map((cell) => cell.offsetWidth / cell.offsetHeight),
    right: row.at(-1).getBoundingClientRect().right - box.getBoundingClientRect().right,
  }));
}"""

# On by more than a quarter of the window; returns once the page has been told.
SCROLL_ON = """() => new Promise((resolve) => {
  addEventListener("scroll", () => resolve(), {once: true});
  scrollBy(0, 300);
})"""


@pytest.fixture(scope="module")
def many() -> Iterator[StandIn]:
    """A library of 3,178 pictures; what it was asked is forgotten by no one, so tests look at what came since."""
    with serving(StandIn(months=MANY, undated=20)) as stand_in:
        yield stand_in


@pytest.fixture(scope="module")
def large(browser: Browser, many: StandIn) -> Iterator[Page]:
    """One page of it, at the top."""
    with watched_page(browser, viewport={"width": 1280, "height": 800}) as page:
        page.add_init_script(WATCH_SHIFTS)
        page.goto(many.url)
        expect(library_pictures(page).first).to_be_visible()
        yield page


def library_pictures(page: Page) -> Locator:
    return page.locator("#months button.picture")


def show_place(page: Page, place: int) -> None:
    """Scroll until the chunk with this picture is near, then until it is seen."""
    page.locator("#months .rows").nth(place).scroll_into_view_if_needed()


def test_the_library_stands_there_by_month_the_newest_first(page: Page, stand_in: StandIn) -> None:
    page.goto(stand_in.url)
    expect(page.locator("#months h2")).to_have_text(["July 2021", "June 2021", "2019", "No date"])
    expect(library_pictures(page)).to_have_count(10)
    expect(page.get_by_alt_text("picture 0 of the library")).to_be_visible()
    expect(page.locator("#library_count")).to_have_text("10 pictures")
    expect(page).to_have_title("Lookwhy")
    counts = page.locator("#months section").evaluate_all("(all) => all.map((one) => one.querySelectorAll('button').length)")
    assert counts == [5, 2, 1, 2]
    assert stand_in.asked["search"] == []


def test_a_library_without_dates_is_headed_by_its_count_alone(page: Page, stand_in: StandIn) -> None:
    stand_in.months, stand_in.undated = {}, 12
    page.goto(stand_in.url)
    expect(library_pictures(page)).to_have_count(12)
    expect(page.locator("#library_count")).to_have_text("12 pictures")
    expect(page.locator("#months h2")).to_have_count(0)
    expect(page.locator("#years")).to_be_hidden()


def test_an_example_of_the_server_is_one_click_from_its_pictures(page: Page, stand_in: StandIn) -> None:
    page.goto(stand_in.url)
    expect(page.locator("#examples a")).to_have_text(stand_in.examples)
    page.get_by_role("link", name="two yellow ducks").click()
    expect(page).to_have_url(f"{stand_in.url}/?q=two+yellow+ducks")
    expect(cards(page)).to_have_count(8)
    expect(page.locator("#examples, #library")).to_have_count(2)
    expect(page.get_by_role("region", name=re.compile("Examples|Library"))).to_have_count(0)


def test_without_examples_there_is_no_row_of_them(page: Page, stand_in: StandIn) -> None:
    stand_in.fail_next(404, {"error": {"code": "not_found", "message": "No such route."}}, "examples")
    page.goto(stand_in.url)
    expect(library_pictures(page)).to_have_count(10)
    expect(page.locator("#examples")).to_be_hidden()


def test_nothing_moves_while_the_library_comes(large: Page) -> None:
    assert large.evaluate("window.shifts.reduce((sum, value) => sum + value, 0)") <= 0.02


def test_rows_keep_the_shapes_of_their_pictures_and_are_full(large: Page) -> None:
    rows = large.locator("#months .rows").first.evaluate(ROWS)
    assert len(rows) > 5
    for row in rows:
        assert max(row["heights"]) - min(row["heights"]) <= 1
        assert abs(row["right"]) <= 2  # the last row of the first chunk, too: the month goes on
        assert all(min(abs(ratio - 1), abs(ratio - 2)) < 0.05 for ratio in row["ratios"])


def test_only_what_is_near_has_pictures_and_the_rest_keeps_its_height(large: Page, many: StandIn) -> None:
    assert library_pictures(large).count() < 300
    large.get_by_role("button", name="2019", exact=True).click()
    expect(large.get_by_alt_text("picture 3177 of the library")).to_have_count(1)
    expect(large.locator("#months h2", has_text="No date")).to_be_in_viewport()
    expect(large.get_by_alt_text("picture 0 of the library", exact=True)).to_have_count(0)
    assert library_pictures(large).count() < 300
    offsets = [int(asked["offset"]) for asked in many.asked["pictures"]]
    assert 3100 in offsets
    assert 1500 not in offsets, "what was jumped over was asked for"
    large.evaluate("scrollTo(0, 0)")
    expect(large.get_by_alt_text("picture 0 of the library", exact=True)).to_be_in_viewport()
    assert many.asked["pictures"][-1]["offset"] != "0", "the first page was forgotten too soon"


def test_the_month_that_is_scrolled_through_stands_at_the_top(large: Page) -> None:
    large.get_by_role("button", name="2020", exact=True).click()
    heading = large.locator("#months h2", has_text="December 2020")
    expect(heading).to_be_in_viewport()
    large.mouse.move(600, 500)
    large.mouse.wheel(0, 2000)
    expect(large.get_by_alt_text("picture 157 of the library")).not_to_be_in_viewport()
    expect(heading).to_be_in_viewport()
    header = large.locator(".top").bounding_box()
    below = heading.bounding_box()
    assert header
    assert below
    assert abs(header["y"] + header["height"] - below["y"]) <= 2


def test_arrows_move_through_the_rows_and_no_focus_is_lost_far_away(large: Page) -> None:
    large.evaluate("scrollTo(0, 0)")
    first = large.get_by_alt_text("picture 0 of the library", exact=True)
    expect(first).to_be_in_viewport()
    large.get_by_role("searchbox").press("ArrowDown")
    expect(library_pictures(large).first).to_be_focused()
    large.keyboard.press("ArrowRight")
    expect(library_pictures(large).nth(1)).to_be_focused()
    left = "document.activeElement.getBoundingClientRect().left"
    before = large.evaluate(left)
    large.keyboard.press("ArrowDown")
    assert abs(large.evaluate(left) - before) < 200
    focused = large.evaluate("document.activeElement.querySelector('img').alt")
    large.mouse.wheel(0, 9000)
    expect(first).not_to_be_in_viewport()
    assert large.evaluate("document.activeElement.querySelector('img').alt") == focused
    large.keyboard.press("ArrowUp")
    large.keyboard.press("ArrowUp")
    expect(large.get_by_role("searchbox")).to_be_focused()


def test_back_from_a_search_leads_to_the_place_in_the_library(large: Page, many: StandIn) -> None:
    large.get_by_role("button", name="2019", exact=True).click()
    heading = large.locator("#months h2", has_text="No date")
    expect(heading).to_be_in_viewport()
    asked = len(many.asked["timeline"])
    search(large, "boat")
    expect(cards(large)).to_have_count(8)
    large.go_back()
    expect(heading).to_be_in_viewport()
    assert len(many.asked["timeline"]) == asked


def test_what_is_passed_fast_is_called_off(page: Page, stand_in: StandIn) -> None:
    stand_in.months = MANY
    page.goto(stand_in.url)
    expect(library_pictures(page).first).to_be_visible()
    release = stand_in.hold_next("pictures")
    with page.expect_event("requestfailed") as passed:
        page.get_by_role("button", name="2020", exact=True).click()
        stand_in.wait_until_asked("pictures", 2)
        page.get_by_role("button", name="2019", exact=True).click()
    assert "/pictures" in passed.value.url
    release.set()
    expect(page.get_by_alt_text("picture 3157 of the library")).to_be_in_viewport()


def test_what_is_flung_past_is_not_asked_for(page: Page, stand_in: StandIn) -> None:
    stand_in.months = MANY
    stop_clock(page)
    page.goto(stand_in.url)
    expect(library_pictures(page).first).to_be_visible()
    asked = len(stand_in.asked["pictures"])
    for _ in range(12):
        page.evaluate(SCROLL_ON)
        page.clock.run_for(60)
    assert len(stand_in.asked["pictures"]) == asked
    page.clock.run_for(60)
    stand_in.wait_until_asked("pictures", asked + 1)


def test_a_library_that_cannot_be_had_says_so_and_comes_with_the_next_try(page: Page, stand_in: StandIn) -> None:
    stand_in.fail_next(500, {"error": {"code": "internal", "message": "It broke."}}, "timeline")
    page.goto(stand_in.url)
    expect(page.get_by_role("alert")).to_contain_text("It broke.")
    page.get_by_role("button", name="Try again").click()
    expect(library_pictures(page)).to_have_count(10)
    expect(page.get_by_role("alert")).to_be_hidden()


def test_pictures_that_fail_on_the_way_come_with_the_next_try(page: Page, stand_in: StandIn) -> None:
    stand_in.months = MANY
    page.goto(stand_in.url)
    expect(library_pictures(page).first).to_be_visible()
    for _ in range(4):
        stand_in.fail_next(500, {"error": {"code": "internal", "message": "It broke."}}, "pictures")
    # What is still on its way when the user tries again would fail once more.
    with page.expect_event("requestfinished", lambda request: "offset=3100" in request.url):
        page.get_by_role("button", name="2019", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("Some pictures could not be fetched")
    stand_in.script["pictures"].clear()
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_alt_text("picture 3157 of the library")).to_be_in_viewport()
