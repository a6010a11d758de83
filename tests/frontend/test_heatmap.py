"""Where the words are in a picture: in the viewer, and only when it is asked for."""

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.frontend.answers import WIDE_BOX, evidence, explained, heatmap, occlusion, result
from tests.frontend.driving import hottest_point, open_explained, open_picture, pictures, search
from tests.frontend.stand_in import StandIn

pytestmark = pytest.mark.browser
# The stand-in's usual heatmap is hot in row 5, column 1 of 7.
USUAL_POINT = (1.5 / 7, 5.5 / 7)
NEAR = 0.03
CHECKED = "Checked: covering the 5 hottest squares lowers the similarity by 0.21, random ones by 0.02."


def expect_heatmap(page: Page, *, shown: bool = True) -> None:
    expect(page.locator("#viewer_heatmap")).to_be_visible(visible=shown)


def layers(page: Page) -> Locator:
    return page.locator("#viewer_layers")


def heatmap_requests(stand_in: StandIn) -> list[dict[str, object]]:
    return [fields for fields in stand_in.asked["explain"] if fields["heatmap"]]


def open_first(page: Page, stand_in: StandIn, address: str = "?q=boat", **evidence_of_first: object) -> None:
    open_explained(page, f"{stand_in.url}/{address}")
    if evidence_of_first:
        stand_in.answer_next("explain", results=[explained(0, evidence=evidence(**evidence_of_first))])
    open_picture(page)


def test_a_picture_is_opened_as_it_is_and_h_or_the_button_shows_where(page: Page, stand_in: StandIn) -> None:
    open_first(page, stand_in)
    dialog, toggle = page.get_by_role("dialog"), page.get_by_role("dialog").get_by_role("button", name="Heatmap")
    expect(toggle).to_have_attribute("aria-pressed", "false")
    expect_heatmap(page, shown=False)
    expect(dialog.get_by_text("Where in the picture")).to_be_hidden()
    assert heatmap_requests(stand_in) == []
    toggle.click()
    expect_heatmap(page)
    expect(dialog).to_contain_text("The lower left counts for most.")
    expect(dialog).to_contain_text(CHECKED)
    expect(dialog.get_by_role("img", name="Heatmap. The lower left counts for most.")).to_be_visible()
    page.keyboard.press("h")
    expect_heatmap(page, shown=False)
    expect(toggle).to_have_attribute("aria-pressed", "false")
    dialog.get_by_role("button", name="Next").click()
    expect(dialog).to_contain_text("2 of 8")
    page.keyboard.press("h")
    expect_heatmap(page)
    page.keyboard.press("ArrowLeft")  # it stays on, and the first one's is known
    expect(dialog).to_contain_text("1 of 8")
    expect_heatmap(page)
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    pictures(page).first.click()
    expect_heatmap(page, shown=False)
    assert heatmap_requests(stand_in) == [
        {"query": "boat", "ids": [number], "heatmap": True, "explain": False} for number in (0, 1)
    ]


@pytest.mark.parametrize("size", [(390, 844), (390, 667), (1280, 720), (1920, 1080)])
def test_the_legend_is_seen_beside_the_picture_without_scrolling(
    page: Page, stand_in: StandIn, size: tuple[int, int]
) -> None:
    page.set_viewport_size({"width": size[0], "height": size[1]})
    open_first(page, stand_in)
    page.get_by_role("button", name="Heatmap").click()
    expect_heatmap(page)
    for shown in (".legend", "#viewer_where_title", "#viewer_where_message"):
        expect(page.locator(shown)).to_be_in_viewport(ratio=1)
    legend, controls = page.locator(".legend").bounding_box(), page.locator(".controls").bounding_box()
    assert legend
    assert controls
    assert legend["y"] + legend["height"] <= controls["y"] or legend["y"] >= controls["y"] + controls["height"]
    assert page.evaluate("viewer.scrollTop + document.querySelector('.details').scrollTop") == 0


def test_h_on_a_card_opens_the_viewer_with_the_heatmap(page: Page, stand_in: StandIn) -> None:
    open_explained(page, f"{stand_in.url}/?q=boat")
    page.get_by_role("searchbox").press("ArrowDown")
    page.keyboard.press("h")
    expect_heatmap(page)


def test_a_picture_that_is_no_match_gets_neither_heatmap_nor_words(page: Page, stand_in: StandIn) -> None:
    judged = {"verdict": "none", "match_probability": 0.06}
    stand_in.answer_next(results=[result(0), result(1, **judged)])
    said = "There is no sign of “boat”."
    stand_in.answer_next("explain", results=[explained(0)])
    stand_in.answer_next("explain", results=[explained(1, explanation=said, **judged)])
    open_explained(page, f"{stand_in.url}/?q=boat")
    page.locator("#misses summary").click()
    expect(page.locator("#misses .card[data-why='known']")).to_be_visible()
    pictures(page).first.click()
    dialog = page.get_by_role("dialog")
    page.keyboard.press("h")
    expect_heatmap(page)
    expect(dialog.get_by_text("What each word counts for")).to_be_visible()
    page.keyboard.press("ArrowRight")
    expect(dialog).to_contain_text("Match: unlikely · 6%")
    expect(dialog).to_contain_text(said)
    page.keyboard.press("h")
    expect(dialog.get_by_role("button", name="Heatmap")).to_be_hidden()
    expect(dialog.get_by_text("Where in the picture")).to_be_hidden()
    expect(dialog.get_by_text("What each word counts for")).to_be_hidden()
    expect_heatmap(page, shown=False)
    assert [fields["ids"] for fields in heatmap_requests(stand_in)] == [[0]]


def test_a_heatmap_that_fails_its_check_is_called_doubtful(page: Page, stand_in: StandIn) -> None:
    open_first(page, stand_in, heatmap=heatmap(3, 3), occlusion=occlusion(hottest_drop=0.01, holds=False))
    page.keyboard.press("h")
    expect(page.get_by_role("dialog")).to_contain_text("Checked, and doubtful: covering the 5 hottest squares")
    expect(page.get_by_role("dialog")).to_contain_text("The middle counts for most.")
    assert hottest_point(layers(page)) == pytest.approx((0.5, 0.5), abs=NEAR)


def test_a_picture_without_a_heatmap_says_so(page: Page, stand_in: StandIn) -> None:
    open_first(page, stand_in, heatmap=None)
    page.keyboard.press("h")
    expect(page.get_by_role("dialog")).to_contain_text("There is no heatmap")
    expect_heatmap(page, shown=False)


@pytest.mark.parametrize("size", [(390, 844), (1280, 800)])
def test_the_heat_lies_on_the_right_place_of_a_wide_picture(page: Page, stand_in: StandIn, size: tuple[int, int]) -> None:
    page.set_viewport_size({"width": size[0], "height": size[1]})
    stand_in.answer_next(results=[result(0, image_url="/images/wide.svg", width=600, height=300)])
    open_first(page, stand_in, heatmap=heatmap(1, 5, WIDE_BOX), occlusion=occlusion())
    page.keyboard.press("h")
    expect_heatmap(page)
    expect(page.get_by_role("dialog")).to_contain_text("The upper middle counts for most.")
    expect(page.get_by_role("dialog")).to_contain_text("The darkened margin was not looked at.")
    frame = layers(page)
    width, height = frame.evaluate("(frame) => [frame.clientWidth, frame.clientHeight]")
    shown_height = width / 2
    across = 0.25 + 0.5 * 5.5 / 7
    down = ((height - shown_height) / 2 + shown_height * 1.5 / 7) / height
    assert hottest_point(frame) == pytest.approx((across, down), abs=NEAR)


def test_a_heatmap_that_failed_is_offered_again_and_brings_a_missing_reason_along(page: Page, stand_in: StandIn) -> None:
    for _ in range(3):  # for all reasons, for that of the opened picture, and for its heatmap
        stand_in.hang_up_next("explain")
    page.goto(f"{stand_in.url}/?q=boat")
    expect(page.get_by_role("alert")).to_be_visible()
    open_picture(page)
    page.keyboard.press("h")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("The heatmap could not be fetched.")
    page.locator("#viewer_where").get_by_role("button", name="Try again").click()
    expect_heatmap(page)
    expect(page.locator("#viewer_where").get_by_role("button", name="Try again")).to_be_hidden()
    expect(page.locator("#viewer_explanation")).to_contain_text("as the query does (0)")
    assert heatmap_requests(stand_in)[-1]["explain"] is True


def test_a_heatmap_of_an_earlier_picture_or_search_is_dropped(page: Page, stand_in: StandIn) -> None:
    open_first(page, stand_in)
    release = stand_in.hold_next("explain")
    page.keyboard.press("h")
    expect(page.get_by_role("dialog")).to_contain_text("Looking for where the words are")
    stand_in.wait_until_asked("explain", 2)  # for the reasons, and for the heatmap that is held back
    stand_in.answer_next("explain", results=[explained(1, evidence=evidence(heatmap=heatmap(0, 6)))])
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("dialog")).to_contain_text("The upper right counts for most.")
    with page.expect_response("**/explain"):
        release.set()
    expect(page.get_by_role("dialog")).to_contain_text("The upper right counts for most.")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    stand_in.hold_next("explain")
    with page.expect_event("requestfailed"):
        open_picture(page, 2)
        page.keyboard.press("h")
        page.keyboard.press("Escape")
        search(page, "another")
    expect(page.get_by_role("alert")).to_have_count(0)
