"""Everything that the page can do, with the keyboard alone."""

import pytest
from playwright.sync_api import Page, expect

from tests.frontend.driving import open_explained, pictures
from tests.frontend.stand_in import StandIn

pytestmark = pytest.mark.browser


def test_a_whole_journey_needs_the_keyboard_alone(page: Page, stand_in: StandIn) -> None:
    page.goto(stand_in.url)
    box = page.get_by_role("searchbox")
    page.keyboard.press("/")
    expect(box).to_be_focused()
    page.keyboard.type("a castle/tower")
    page.keyboard.press("Enter")
    expect(pictures(page)).to_have_count(8)
    expect(box).to_have_value("a castle/tower")
    for key, at in (("ArrowDown", 0), ("ArrowRight", 1), ("ArrowDown", 7), ("ArrowLeft", 6), ("ArrowUp", 0), ("End", 7)):
        page.keyboard.press(key)
        expect(pictures(page).nth(at)).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_contain_text("8 of 8")
    page.keyboard.press("ArrowLeft")
    expect(page.get_by_role("dialog")).to_contain_text("a castle/tower, number 6")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(pictures(page).nth(6)).to_be_focused()
    page.keyboard.press("m")
    expect(page.get_by_role("status")).to_have_text("8 pictures like this one")
    page.keyboard.press("ArrowDown")
    expect(pictures(page).nth(0)).to_be_focused()
    page.keyboard.press("ArrowUp")
    expect(box).to_be_focused()
    page.keyboard.type("at night")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_have_text("8 matches for “at night”, like this one")
    page.keyboard.press("Shift+Tab")
    expect(page.get_by_role("button", name="Remove the picture")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_have_text("8 matches for “at night”")
    expect(box).to_be_focused()
    page.keyboard.press("Escape")
    expect(box).to_have_value("")


def test_m_in_the_viewer_finds_more_like_the_picture_that_is_open(page: Page, stand_in: StandIn) -> None:
    open_explained(page, f"{stand_in.url}/?q=boat")
    page.get_by_role("searchbox").press("ArrowDown")
    page.keyboard.press("Enter")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("m")
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(page).to_have_url(f"{stand_in.url}/?like=1")


def test_more_like_this_follows_the_picture_of_its_card_in_the_order_of_tabs(page: Page, stand_in: StandIn) -> None:
    open_explained(page, f"{stand_in.url}/?q=boat")
    page.get_by_role("searchbox").press("ArrowDown")
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="More like this: boat, number 0", exact=True)).to_be_focused()
    page.keyboard.press("Tab")
    expect(pictures(page).nth(1)).to_be_focused()


def test_keys_with_a_modifier_stay_the_browsers(page: Page, stand_in: StandIn) -> None:
    open_explained(page, f"{stand_in.url}/?q=boat")
    page.get_by_role("searchbox").press("ArrowDown")
    page.keyboard.press("Control+m")
    page.keyboard.press("Enter")
    page.keyboard.press("Control+h")
    expect(page.locator("#viewer_heatmap_toggle")).to_have_attribute("aria-pressed", "false")
    expect(page).to_have_url(f"{stand_in.url}/?q=boat&photo=0")


def test_where_the_keyboard_is_can_be_seen(page: Page, stand_in: StandIn) -> None:
    open_explained(page, f"{stand_in.url}/?q=boat")
    page.get_by_role("searchbox").press("ArrowDown")
    expect(pictures(page).first).to_have_css("outline-style", "solid")
    expect(page.get_by_text("to move through the pictures")).to_be_visible()
