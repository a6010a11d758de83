"""The viewer and the browser's history: opening, stepping, Back, links to one picture, and which files it loads."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.frontend.answers import explained, result
from tests.frontend.driving import cards, open_explained, open_picture, pictures
from tests.frontend.stand_in import StandIn

pytestmark = pytest.mark.browser
PREVIEWED = {"preview_url": "/previews/drawn.512.jpg", "width": 4800, "height": 3200}
# A list whose pictures are made when they are asked for; `held` ones come late.
OPEN_ENDLESS = """async () => {
  const {open_viewer} = await import("./static/viewer/viewer.js");
  const asked = window.asked = [];
  const at = async (number) => {
    asked.push(number);
    if (window.held?.number === number) await window.held.promise;
    return {id: number + 1, image_path: `${number}.jpg`, image_url: null, preview_url: null, width: 3, height: 2,
      caption: `number ${number}`, caption_source: "index", taken: null, camera: null, place: null, country: null};
  };
  open_viewer({length: 100_000, at}, 50_000, {find_similar() {}, close: (at) => (window.closed_at = at)});
}"""


def test_back_closes_the_picture_and_forward_opens_it_again(page: Page, stand_in: StandIn) -> None:
    open_explained(page, f"{stand_in.url}/?q=boat")
    dialog = page.get_by_role("dialog")
    pictures(page).nth(2).click()
    expect(page).to_have_url(f"{stand_in.url}/?q=boat&photo=2")
    page.keyboard.press("ArrowRight")
    expect(page).to_have_url(f"{stand_in.url}/?q=boat&photo=3")
    expect(page.locator("#viewer_said")).to_have_text("4 of 8: boat, number 3")
    page.go_back()
    expect(dialog).to_be_hidden()
    expect(page).to_have_url(f"{stand_in.url}/?q=boat")
    expect(pictures(page).nth(3)).to_be_focused()
    page.go_forward()
    expect(dialog).to_contain_text("4 of 8")
    page.get_by_role("button", name="Close").click()
    expect(dialog).to_be_hidden()
    expect(page).to_have_url(f"{stand_in.url}/?q=boat")
    assert len(stand_in.asked["search"]) == 1


def test_a_picture_that_is_opened_twice_closes_at_once(page: Page, stand_in: StandIn) -> None:
    """As a double click, or Enter and then h, does while the viewer's files are still coming."""
    open_explained(page, f"{stand_in.url}/?q=boat")
    pictures(page).first.click()
    expect(page).to_have_url(f"{stand_in.url}/?q=boat&photo=0")
    pictures(page).first.evaluate("(picture) => picture.click()")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(page).to_have_url(f"{stand_in.url}/?q=boat")


def test_more_like_this_and_back_lead_to_the_open_picture_again(page: Page, stand_in: StandIn) -> None:
    open_explained(page, f"{stand_in.url}/?q=boat")
    open_picture(page, 2)
    page.keyboard.press("m")
    expect(page).to_have_url(f"{stand_in.url}/?like=2")
    expect(page.get_by_role("dialog")).to_be_hidden()
    page.go_back()
    expect(page.get_by_role("dialog")).to_contain_text("3 of 8")
    page.keyboard.press("Escape")
    expect(page).to_have_url(f"{stand_in.url}/?q=boat")
    expect(pictures(page).nth(2)).to_be_focused()


def test_a_viewer_closed_before_its_card_is_made_leads_to_the_card(page: Page, stand_in: StandIn) -> None:
    page.set_viewport_size({"width": 390, "height": 844})  # a first row of fewer cards than the results
    page.add_init_script("scheduler.postTask = () => new Promise((resolve) => (window.make_the_others = resolve))")
    page.goto(f"{stand_in.url}/?q=boat&photo=7")
    expect(page.get_by_role("dialog")).to_contain_text("8 of 8")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(pictures(page).nth(7)).to_have_count(0)
    page.evaluate("window.make_the_others()")
    expect(pictures(page).nth(7)).to_be_focused()


def test_a_picture_opened_before_the_other_cards_are_made_is_among_all(page: Page, stand_in: StandIn) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.add_init_script("scheduler.postTask = () => new Promise((resolve) => (window.make_the_others = resolve))")
    page.goto(f"{stand_in.url}/?q=boat")
    pictures(page).first.click()
    expect(pictures(page).nth(7)).to_have_count(0)
    expect(page.get_by_role("dialog")).to_contain_text("1 of 8")
    page.evaluate("window.make_the_others()")
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("dialog")).to_contain_text("2 of 8")


def test_a_link_to_a_result_opens_it_among_the_others(page: Page, stand_in: StandIn) -> None:
    page.goto(f"{stand_in.url}/?q=boat&photo=5")
    expect(page.get_by_role("dialog")).to_contain_text("6 of 8")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(page).to_have_url(f"{stand_in.url}/?q=boat")
    expect(cards(page)).to_have_count(8)


def test_a_link_to_a_picture_that_is_no_result_shows_it_alone_with_its_reason(page: Page, stand_in: StandIn) -> None:
    stand_in.photos[17] = result(17)
    page.goto(f"{stand_in.url}/?q=boat&photo=17")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("1 of 1")
    expect(dialog).to_contain_text("as the query does (17)")
    page.goto(f"{stand_in.url}/?photo=17")
    expect(dialog).to_contain_text("number 17")
    expect(dialog.get_by_role("button", name="Heatmap")).to_be_hidden()
    page.get_by_role("button", name="Close").click()
    expect(page).to_have_url(f"{stand_in.url}/")
    assert [fields["ids"] for fields in stand_in.asked["explain"]].count([17]) == 1


def test_a_link_to_a_picture_that_is_gone_says_so(page: Page, stand_in: StandIn) -> None:
    page.goto(f"{stand_in.url}/?photo=99")
    expect(page.get_by_role("alert")).to_contain_text("The linked picture cannot be shown")
    expect(page).to_have_url(f"{stand_in.url}/")
    expect(page.get_by_role("dialog")).to_be_hidden()


def test_a_library_of_any_size_is_stepped_through_without_holding_it(page: Page, stand_in: StandIn) -> None:
    page.goto(stand_in.url)
    page.evaluate(OPEN_ENDLESS)
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("50,001 of 100,000")
    page.wait_for_function("() => asked.includes(50001) && asked.includes(49999)")  # the neighbours alone, once idle
    assert sorted(page.evaluate("asked")) == [49999, 50000, 50001]
    page.evaluate("held = Promise.withResolvers(), held.number = 50001")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(dialog).to_contain_text("number 50002")
    page.evaluate("held.resolve()")
    expect(page).to_have_url(f"{stand_in.url}/?photo=50003")
    expect(dialog).to_contain_text("number 50002")
    page.keyboard.press("Escape")
    page.wait_for_function("() => window.closed_at === 50002")
    assert stand_in.asked["explain"] == []


def test_the_large_preview_replaces_the_small_one_and_the_next_one_is_loaded_ahead(page: Page, stand_in: StandIn) -> None:
    shown: list[dict[str, Any]] = [result(0, **PREVIEWED), result(1, preview_url="/previews/next.512.jpg")]
    stand_in.answer_next(results=[*shown, result(2, preview_url="/previews/far.512.jpg")])
    stand_in.answer_next("explain", results=[explained(number) for number in range(3)])
    open_explained(page, f"{stand_in.url}/?q=boat&k=3")
    with page.expect_response("**/previews/next.1600.jpg"):
        open_picture(page)
    image = page.locator("#viewer_picture img")
    expect(image).to_have_attribute("src", f"{stand_in.url}/previews/drawn.1600.jpg")
    assert image.evaluate("(image) => image.naturalWidth") == 1600
    assert "/previews/far.1600.jpg" not in stand_in.pictures_asked
    assert not [path for path in stand_in.pictures_asked if path.startswith("/images/") and path.endswith("0000.svg")]
