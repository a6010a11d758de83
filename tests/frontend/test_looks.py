"""How the page looks: on a phone, in the dark, and without motion; and that axe-core finds no fault with any state of it."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.frontend.answers import explained, result
from tests.frontend.driving import cards, drag, drop, file_of, open_explained, picture_bytes, pictures
from tests.frontend.stand_in import StandIn

pytestmark = pytest.mark.browser
FONT_SIZE = "(shown) => parseFloat(getComputedStyle(shown).fontSize)"
# Texts that do not fit into what they stand in, where that hides what juts out or has a height of its own.
CUT_OFF = """[...document.querySelectorAll("button, p, h1, h2, h3, li, dd, label")]
  .filter((shown) => shown.checkVisibility() && shown.textContent.trim())
  .filter((shown) => !shown.closest(".card, .only_screen_readers, .skip"))
  .filter((shown) => shown.scrollWidth > shown.clientWidth + 1 && getComputedStyle(shown).display !== "inline")
  .map(({tagName, className, textContent}) => `${tagName}.${className}: ${textContent.trim().slice(0, 40)}`)"""
BACKGROUND = "getComputedStyle(document.body).backgroundColor"


def show_results(page: Page, stand_in: StandIn) -> None:
    judged = [("strong", 0.97), ("weak", 0.54), ("none", 0.06), (None, None)]
    facts = [{"verdict": verdict, "match_probability": probability} for verdict, probability in judged]
    stand_in.answer_next(results=[result(number, **fact) for number, fact in enumerate(facts)])
    stand_in.answer_next("explain", results=[explained(number, **fact) for number, fact in enumerate(facts)])
    open_explained(page, f"{stand_in.url}/?q=boat")
    page.locator("summary").click()
    expect(cards(page)).to_have_count(4)


def show_no_match(page: Page, stand_in: StandIn) -> None:
    none: dict[str, Any] = {"verdict": "none", "match_probability": 0.06}
    stand_in.answer_next(**none, results=[result(0, **none)])
    stand_in.answer_next("explain", results=[explained(0, **none)])
    open_explained(page, f"{stand_in.url}/?q=a+purple+dog")


def show_reasons_awaited(page: Page, stand_in: StandIn) -> None:
    stand_in.hold_next("explain")
    page.goto(f"{stand_in.url}/?q=boat")
    expect(cards(page)).to_have_count(8)


def show_loading(page: Page, stand_in: StandIn) -> None:
    stand_in.hold_next()
    page.goto(f"{stand_in.url}/?q=boat")
    expect(page.locator(".skeleton")).to_have_count(12)


def show_heatmap(page: Page, stand_in: StandIn) -> None:
    open_explained(page, f"{stand_in.url}/?q=boat")
    pictures(page).first.press("h")
    expect(page.locator("#viewer_picture canvas")).to_have_css("opacity", "1")


def show_viewer(page: Page, stand_in: StandIn) -> None:
    show_results(page, stand_in)
    pictures(page).first.click()
    expect(page.get_by_role("dialog")).to_contain_text("1 of 4")


def show_mix(page: Page, stand_in: StandIn) -> None:
    open_explained(page, f"{stand_in.url}/?q=boat")
    drop(page, file_of(picture_bytes()))
    expect(page.get_by_role("slider")).to_be_visible()
    expect(page.get_by_role("status")).to_contain_text("like yours")


def show_picture_alone(page: Page, stand_in: StandIn) -> None:
    page.goto(f"{stand_in.url}/?like=3")
    expect(cards(page)).to_have_count(8)


def show_drop_target(page: Page, stand_in: StandIn) -> None:
    page.goto(stand_in.url)
    drag(page, "dragover", file_of(picture_bytes()))
    expect(page.locator("#drop_target")).to_be_visible()


def show_toast(page: Page, stand_in: StandIn) -> None:
    stand_in.hang_up_next("explain")
    page.goto(f"{stand_in.url}/?q=boat")
    expect(page.get_by_role("alert")).to_be_visible()


def show_failure(page: Page, stand_in: StandIn) -> None:
    stand_in.hang_up_next()
    page.goto(f"{stand_in.url}/?q=boat")
    expect(page.get_by_role("alert")).to_be_visible()


def show_busy(page: Page, stand_in: StandIn) -> None:
    stand_in.fail_next(429, {"error": {"code": "rate_exceeded", "message": "Too many."}}, retry_s=60)
    page.goto(f"{stand_in.url}/?q=boat")
    expect(page.get_by_role("status")).to_contain_text("busy")


def show_nothing(page: Page, stand_in: StandIn) -> None:
    stand_in.answer_next(results=[])
    page.goto(f"{stand_in.url}/?q=boat")
    expect(page.get_by_role("status")).to_contain_text("No pictures")


def show_library(page: Page, stand_in: StandIn) -> None:
    page.goto(stand_in.url)
    expect(page.locator("#months button.picture")).to_have_count(10)


def show_filters(page: Page, stand_in: StandIn) -> None:
    page.goto(f"{stand_in.url}/?from=2019-06&folder={'long' * 60}&text=no")
    expect(page.locator("#months button.picture")).to_have_count(10)
    page.get_by_role("button", name="Filter", exact=True).click()
    expect(page.get_by_label("from", exact=True)).to_be_visible()


def show_long_words(page: Page, stand_in: StandIn) -> None:
    open_explained(page, f"{stand_in.url}/?q={'long' * 60}")


def show_login(page: Page, stand_in: StandIn) -> None:
    page.goto(f"{stand_in.url}/login")
    expect(page.get_by_label("Access token")).to_be_focused()


def show_wrong_token(page: Page, stand_in: StandIn) -> None:
    page.goto(f"{stand_in.url}/login?wrong")
    expect(page.get_by_role("alert")).to_have_text("That is not the token.")


STATES = [
    show_library,
    show_filters,
    show_results,
    show_no_match,
    show_reasons_awaited,
    show_loading,
    show_heatmap,
    show_viewer,
    show_mix,
    show_picture_alone,
    show_drop_target,
    show_toast,
    show_failure,
    show_busy,
    show_nothing,
    show_long_words,
    show_login,
    show_wrong_token,
]
each_state = pytest.mark.parametrize("show", STATES, ids=lambda show: show.__name__.removeprefix("show_"))
Show = Callable[[Page, StandIn], None]


def expect_accessible(page: Page) -> None:
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


@each_state
def test_axe_finds_no_violation_in_light_or_dark(page: Page, stand_in: StandIn, show: Show) -> None:
    show(page, stand_in)
    expect_accessible(page)
    page.emulate_media(color_scheme="dark")
    expect_accessible(page)


@each_state
def test_a_phone_is_accessible_and_has_nothing_to_scroll_sideways(phone: Page, stand_in: StandIn, show: Show) -> None:
    show(phone, stand_in)
    assert phone.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    expect_accessible(phone)


def test_a_finger_finds_every_button_large_enough(phone: Page, stand_in: StandIn) -> None:
    show_mix(phone, stand_in)
    buttons = "[...document.querySelectorAll('button')].filter((button) => button.checkVisibility())"
    sizes = phone.evaluate(f"{buttons}.map((button) => Math.min(button.offsetWidth, button.offsetHeight))")
    assert min(sizes) >= 24  # WCAG 2.2, 2.5.8


def test_the_dark_scheme_is_dark(page: Page, stand_in: StandIn) -> None:
    page.goto(stand_in.url)
    assert page.evaluate(BACKGROUND) == "rgb(255, 255, 255)"
    page.emulate_media(color_scheme="dark")
    red, green, blue = map(int, re.findall(r"\d+", page.evaluate(BACKGROUND)))
    assert max(red, green, blue) < 48


def test_nothing_moves_for_who_wants_no_motion(page: Page, stand_in: StandIn) -> None:
    show_loading(page, stand_in)
    moving = "document.getAnimations().length"
    assert page.evaluate(moving) == 0
    page.emulate_media(reduced_motion="no-preference")
    page.wait_for_function(f"{moving} > 0")


@pytest.mark.parametrize("width", [1280, 1100, 900])
def test_the_name_stands_on_one_line(page: Page, stand_in: StandIn, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    show_results(page, stand_in)
    name = page.locator(".brand").bounding_box()
    assert name
    assert name["height"] < 60


@pytest.mark.parametrize("show", [show_library, show_results, show_viewer, show_mix, show_toast, show_failure, show_login])
def test_text_of_twice_the_size_is_not_cut_off(page: Page, stand_in: StandIn, show: Show) -> None:
    show(page, stand_in)
    small = page.locator("button:visible").first.evaluate(FONT_SIZE)
    # as a browser does whose user asks for larger letters; by the CSSOM, which the page's policy lets pass
    page.evaluate("document.documentElement.style.fontSize = '200%'")
    assert page.locator("button:visible").first.evaluate(FONT_SIZE) == 2 * small
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    assert page.evaluate(CUT_OFF) == []


@pytest.mark.parametrize("show", [show_results, show_toast, show_failure, show_login])
def test_buttons_are_seen_as_such_where_the_system_sets_the_colours(page: Page, stand_in: StandIn, show: Show) -> None:
    page.emulate_media(forced_colors="active")
    show(page, stand_in)
    borders = "[...document.querySelectorAll('button')].filter((button) => button.checkVisibility()).map((button) => "
    widths = page.evaluate(f"{borders} parseFloat(getComputedStyle(button).borderTopWidth))")
    assert widths
    assert min(widths) >= 1


def test_a_query_in_a_script_from_right_to_left_is_written_so_and_the_page_stays_as_it_is(
    page: Page, stand_in: StandIn
) -> None:
    page.goto(f"{stand_in.url}/?q=%D7%A1%D7%99%D7%A8%D7%94")
    expect(cards(page)).to_have_count(8)
    assert page.locator("#query").evaluate("(box) => getComputedStyle(box).direction") == "rtl"
    assert page.locator("#status").evaluate("(line) => getComputedStyle(line).direction") == "ltr"
    page.locator("#query").fill("a boat")
    assert page.locator("#query").evaluate("(box) => getComputedStyle(box).direction") == "ltr"
