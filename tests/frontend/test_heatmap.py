"""Where the words are in a picture: on a card under the pointer, the keyboard or a finger, and in the viewer."""

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.frontend.answers import WIDE_BOX, evidence, explained, heatmap, occlusion, result
from tests.frontend.driving import hottest_point, open_explained, pictures
from tests.frontend.stand_in import StandIn

pytestmark = pytest.mark.browser
# The stand-in's usual heatmap is hot in row 5, column 1 of 7.
USUAL_POINT = (1.5 / 7, 5.5 / 7)
NEAR = 0.03


def expect_heatmap(frame: Locator, *, shown: bool = True) -> None:
    expect(frame.locator("canvas")).to_have_css("opacity", "1" if shown else "0")


def heatmap_requests(stand_in: StandIn) -> list[dict[str, object]]:
    return [fields for fields in stand_in.asked["explain"] if fields["heatmap"]]


def test_a_picture_without_a_heatmap_says_so(page: Page, stand_in: StandIn) -> None:
    open_explained(page, f"{stand_in.url}/?q=boat")
    stand_in.answer_next("explain", results=[explained(0)])
    pictures(page).first.click()
    expect(page.get_by_role("dialog")).to_contain_text("There is no heatmap")


def test_the_viewer_shows_the_heatmap_and_whether_it_holds(page: Page, stand_in: StandIn) -> None:
    open_explained(page, f"{stand_in.url}/?q=boat")
    pictures(page).first.click()
    dialog, frame = page.get_by_role("dialog"), page.locator("#viewer_picture")
    expect_heatmap(frame)
    expect(dialog).to_contain_text("Hottest in the lower left.")
    expect(dialog).to_contain_text("Checked: blanking the 5 hottest patches costs 0.21 of the score, random ones 0.02.")
    expect(dialog.get_by_role("img", name="Heatmap. Hottest in the lower left.")).to_be_visible()
    toggle = dialog.get_by_role("button", name="Heatmap")
    toggle.click()
    expect_heatmap(frame, shown=False)
    dialog.get_by_role("button", name="Next").click()
    expect(dialog).to_contain_text("Hottest in the lower left.")
    expect_heatmap(frame, shown=False)
    page.keyboard.press("h")
    expect_heatmap(frame)
    expect(toggle).to_have_attribute("aria-pressed", "true")
    assert [fields["ids"] for fields in heatmap_requests(stand_in)] == [[0], [1]]


def test_the_heat_of_a_picture_that_is_no_match_is_not_said_to_show_the_words(page: Page, stand_in: StandIn) -> None:
    judged = {"verdict": "none", "match_probability": 0.04}
    stand_in.answer_next(results=[result(0, **judged)])
    hot = explained(0, evidence=evidence(heatmap=heatmap(5, 1), occlusion=occlusion()), **judged)
    for _ in range(2):
        stand_in.answer_next("explain", results=[hot])
    open_explained(page, f"{stand_in.url}/?q=boat")
    said = "No match: the lower left only comes nearest to your words"
    pictures(page).first.click()
    expect(page.locator("#viewer_where_title")).to_have_text(f"{said}.")
    expect(page.get_by_role("dialog")).not_to_contain_text("Hottest")


def test_a_heatmap_that_fails_its_check_is_called_doubtful(page: Page, stand_in: StandIn) -> None:
    open_explained(page, f"{stand_in.url}/?q=boat")
    checked = evidence(heatmap=heatmap(3, 3), occlusion=occlusion(hottest_drop=0.01, holds=False))
    stand_in.answer_next("explain", results=[explained(0, evidence=checked)])
    pictures(page).first.click()
    expect(page.get_by_role("dialog")).to_contain_text("Checked, and doubtful: blanking the 5 hottest patches costs 0.01")
    expect(page.get_by_role("dialog")).to_contain_text("Hottest in the middle.")


def test_the_heat_lies_on_the_right_place_of_a_wide_picture_in_the_viewer(page: Page, stand_in: StandIn) -> None:
    stand_in.answer_next(results=[result(0, image_url="/images/wide.svg")])
    open_explained(page, f"{stand_in.url}/?q=boat")
    hot = evidence(heatmap=heatmap(1, 5, WIDE_BOX), occlusion=occlusion())
    stand_in.answer_next("explain", results=[explained(0, evidence=hot)])
    card = pictures(page).first
    card.click()
    frame = page.locator("#viewer_picture")
    expect_heatmap(frame)
    expect(page.get_by_role("dialog")).to_contain_text("Hottest in the upper middle.")
    expect(page.get_by_role("dialog")).to_contain_text("The darkened margin was not analysed.")
    width, height = frame.evaluate("(frame) => [frame.clientWidth, frame.clientHeight]")
    shown_height = width / 2
    across = 0.25 + 0.5 * 5.5 / 7
    down = ((height - shown_height) / 2 + shown_height * 1.5 / 7) / height
    assert hottest_point(frame) == pytest.approx((across, down), abs=NEAR)


def test_the_viewer_offers_a_retry_where_its_heatmap_failed(page: Page, stand_in: StandIn) -> None:
    open_explained(page, f"{stand_in.url}/?q=boat")
    stand_in.hang_up_next("explain")
    pictures(page).first.click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("The heatmap could not be fetched.")
    dialog.get_by_role("button", name="Try again").click()
    expect_heatmap(page.locator("#viewer_picture"))
    expect(dialog.get_by_role("button", name="Try again")).to_be_hidden()


def test_a_heatmap_brings_the_reason_along_where_that_failed_before(page: Page, stand_in: StandIn) -> None:
    stand_in.hang_up_next("explain")
    page.goto(f"{stand_in.url}/?q=boat")
    expect(page.get_by_role("alert")).to_be_visible()
    pictures(page).first.click()
    expect(page.locator("#viewer_explanation")).to_contain_text("as the query does (0)")
    assert heatmap_requests(stand_in)[0]["explain"] is True


def test_a_heatmap_of_an_earlier_picture_or_search_is_dropped(page: Page, stand_in: StandIn) -> None:
    open_explained(page, f"{stand_in.url}/?q=boat")
    release = stand_in.hold_next("explain")
    pictures(page).first.click()
    expect(page.get_by_role("dialog")).to_contain_text("Looking for where the words are")
    stand_in.wait_until_asked("explain", 2)  # for the reasons, and for the heatmap that is held back
    stand_in.answer_next("explain", results=[explained(1, evidence=evidence(heatmap=heatmap(0, 6)))])
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("dialog")).to_contain_text("Hottest in the upper right")
    with page.expect_response("**/explain"):
        release.set()
    expect(page.get_by_role("dialog")).to_contain_text("Hottest in the upper right")
    page.keyboard.press("Escape")
    stand_in.hold_next("explain")
    with page.expect_event("requestfailed"):
        pictures(page).nth(2).click()
        page.goto(f"{stand_in.url}/?q=another")
    expect(page.get_by_role("alert")).to_have_count(0)
