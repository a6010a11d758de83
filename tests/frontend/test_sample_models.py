"""The page says so where the sample models answer: nothing moves for it, and it can be dismissed."""

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.frontend.driving import cards
from tests.frontend.stand_in import StandIn
from tests.frontend.test_looks import expect_accessible

pytestmark = pytest.mark.browser
COUNT_SHIFTS = """window.shifts = [];
new PerformanceObserver((seen) => shifts.push(...seen.getEntries())).observe({type: "layout-shift", buffered: true});"""


def banner(page: Page) -> Locator:
    return page.get_by_role("complementary", name="About the models")


@pytest.mark.parametrize("address", ["", "/?q=boat"])
def test_the_sample_models_are_named_where_nothing_moves_for_it_and_the_end_of_the_page_stays_free(
    page: Page, phone: Page, stand_in: StandIn, address: str
) -> None:
    stand_in.sample_models = True
    for screen in (page, phone):
        screen.add_init_script(COUNT_SHIFTS)
        screen.goto(stand_in.url + address)
        if address:
            expect(cards(screen)).to_have_count(8)
        expect(banner(screen)).to_contain_text("do not understand photos")
        assert (
            screen.evaluate("shifts.filter((shift) => shift.sources.some(({node}) => node?.id === 'sample_models'))") == []
        )
        screen.evaluate("scrollTo(0, document.body.scrollHeight)")
        last, shown = screen.locator("main > :not([hidden])").all()[-1].bounding_box(), banner(screen).bounding_box()
        assert shown
        assert last is None or last["y"] + last["height"] <= shown["y"]
        assert screen.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
        expect_accessible(screen)
        screen.emulate_media(color_scheme="dark")
        expect_accessible(screen)


def test_who_dismisses_it_does_not_see_it_again_in_this_tab(page: Page, stand_in: StandIn) -> None:
    stand_in.sample_models = True
    page.goto(stand_in.url)
    banner(page).get_by_role("button", name="Dismiss").click()
    with page.expect_response("**/readyz"):
        page.goto(f"{stand_in.url}/?q=boat")
    expect(cards(page)).to_have_count(8)
    expect(banner(page)).to_have_count(0)


def test_models_of_ones_own_bring_no_banner(page: Page, stand_in: StandIn) -> None:
    with page.expect_response("**/readyz"):
        page.goto(f"{stand_in.url}/?q=boat")
    expect(cards(page)).to_have_count(8)
    expect(banner(page)).to_have_count(0)


def test_a_server_that_does_not_say_brings_no_banner_and_no_failure(page: Page, stand_in: StandIn) -> None:
    page.route("**/readyz", lambda route: route.fulfill(status=502, body="<html>not here</html>"))
    with page.expect_response("**/readyz"):
        page.goto(f"{stand_in.url}/?q=boat")
    expect(cards(page)).to_have_count(8)
    expect(banner(page)).to_have_count(0)
