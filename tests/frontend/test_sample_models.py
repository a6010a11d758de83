"""The page says so where the sample models answer, in its own room, in both colour schemes."""

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.frontend.driving import cards
from tests.frontend.stand_in import StandIn
from tests.frontend.test_looks import expect_accessible

pytestmark = pytest.mark.browser


def banner(page: Page) -> Locator:
    return page.get_by_role("complementary", name="About the models")


def lowest_edge(found: Locator) -> float:
    box = found.bounding_box()
    assert box
    return box["y"] + box["height"]


@pytest.mark.parametrize("address", ["", "/?q=boat"])
def test_the_sample_models_are_named_above_everything_else_and_cover_nothing(
    page: Page, phone: Page, stand_in: StandIn, address: str
) -> None:
    stand_in.sample_models = True
    for screen in (page, phone):
        screen.goto(stand_in.url + address)
        expect(banner(screen)).to_contain_text("do not understand photos")
        if address:
            expect(cards(screen)).to_have_count(8)
        top = screen.locator(".top").bounding_box()
        assert top
        assert top["y"] >= lowest_edge(banner(screen))
        assert screen.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
        expect_accessible(screen)
        screen.emulate_media(color_scheme="dark")
        expect_accessible(screen)


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
