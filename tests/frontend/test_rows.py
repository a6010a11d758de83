"""How results lie on the page: photos first, in rows of their own shapes, and nothing that jumps."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.frontend.answers import explained, result
from tests.frontend.driving import cards, open_explained, pictures, stop_clock
from tests.frontend.stand_in import StandIn

pytestmark = pytest.mark.browser
SHAPES = [(4, 3), (3, 4), (3, 2), (1, 1), (2, 3), (16, 9), (4, 3), (4, 3)]
BOXES = """(selector) => [...document.querySelectorAll(selector)].map((element) => {
  const {left, top, width, height} = element.getBoundingClientRect();
  return {left, top, width, height};
})"""
# Whether the last letters lie outside of the box that cuts its text off.
IS_CUT = """(reasons) => reasons.map((reason) => {
  const end = document.createRange();
  end.setStart(reason.firstChild, reason.textContent.length - 1);
  end.setEnd(reason.firstChild, reason.textContent.length);
  const [letter, box] = [end, reason.closest(".why")].map((one) => one.getBoundingClientRect());
  return letter.bottom > box.bottom + 2 || letter.right > box.right + 2;
})"""
SHIFT = """() => new Promise((resolve) => new PerformanceObserver((list) => resolve(
  list.getEntries().reduce((sum, entry) => sum + entry.value, 0))).observe({type: "layout-shift", buffered: true}) ||
  setTimeout(() => resolve(0), 500))"""


def photos(shapes: list[tuple[int, int]], **fields: Any) -> list[dict[str, Any]]:
    return [result(n, width=400 * w, height=400 * h, **fields) for n, (w, h) in enumerate(shapes)]


def columns(page: Page) -> list[int]:
    tops = [round(box["top"]) for box in page.evaluate(BOXES, ".card")]
    return [tops.count(top) for top in sorted(set(tops))]


@pytest.mark.parametrize(("width", "fewest", "most"), [(390, 2, 2), (1280, 4, 6), (1920, 5, 7)])
def test_photos_take_two_thirds_of_their_cards_in_rows_of_their_shapes(
    page: Page, stand_in: StandIn, width: int, fewest: int, most: int
) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    stand_in.answer_next(results=photos(SHAPES * 3, taken="2019-06-02", taken_source="exif", place="Lisbon"))
    open_explained(page, f"{stand_in.url}/?q=boat")
    frames, boxes = page.evaluate(BOXES, ".card .picture"), page.evaluate(BOXES, ".card")
    shares = [f["width"] * f["height"] / (b["width"] * b["height"]) for f, b in zip(frames, boxes, strict=True)]
    assert min(shares) >= 2 / 3
    for frame, (across, down) in zip(frames, SHAPES * 3, strict=True):
        assert frame["width"] / frame["height"] == pytest.approx(across / down, rel=0.02)  # nothing is cropped
    assert all(fewest <= count <= most for count in columns(page)[:-1]), columns(page)


@pytest.mark.parametrize(
    ("count", "reason"),
    [
        (1, "The caption mentions “boat” and “sunset”, all that you asked for, and the picture says “SS Anna 1912”."),
        (4, "The caption mentions “boat” and “sunset”, all that you asked for, and the picture says “SS Anna 1912”."),
        (8, "There is no sign of “boat” or “2021”."),  # two to a row
    ],
)
def test_a_reason_is_whole_on_a_phone(phone: Page, stand_in: StandIn, count: int, reason: str) -> None:
    stand_in.answer_next(results=photos([(4, 3)] * count, taken="2019-06-02", taken_source="exif", place="Lisbon"))
    stand_in.answer_next("explain", results=[explained(number, explanation=reason) for number in range(count)])
    open_explained(phone, f"{stand_in.url}/?q=boat")
    assert phone.locator(".card .explanation").evaluate_all(IS_CUT) == [False] * count


def test_only_extreme_shapes_are_cropped(page: Page, stand_in: StandIn) -> None:
    stand_in.answer_next(results=photos([(10, 1), (1, 10)]))
    open_explained(page, f"{stand_in.url}/?q=boat")
    ratios = [box["width"] / box["height"] for box in page.evaluate(BOXES, ".card .picture")]
    assert ratios == pytest.approx([2.5, 0.5], rel=0.02)


def test_previews_are_offered_by_size_and_the_first_row_comes_first(page: Page, stand_in: StandIn) -> None:
    stand_in.answer_next(results=photos([(4, 3)] * 12, preview_url="/images/square.512.jpg"))
    open_explained(page, f"{stand_in.url}/?q=boat")
    first, last = pictures(page).first.locator("img"), pictures(page).last.locator("img")
    address = f"{stand_in.url}/images/square"
    offered = f"{address}.320.jpg 320w, {address}.512.jpg 512w, {address}.1600.jpg 1600w"
    expect(first).to_have_attribute("srcset", offered)
    asked = [image.evaluate("(i) => [i.fetchPriority, i.loading, i.currentSrc.slice(-8)]") for image in (first, last)]
    assert asked == [["high", "eager", ".320.jpg"], ["auto", "lazy", ".320.jpg"]]


def test_a_link_to_results_shows_skeletons_at_once_and_nothing_moves(page: Page, stand_in: StandIn) -> None:
    release = stand_in.hold_next()
    page.goto(f"{stand_in.url}/?q=boat", wait_until="commit")
    expect(page.locator(".skeleton").first).to_be_in_viewport()
    release.set()
    expect(cards(page)).to_have_count(8)
    assert page.evaluate(SHIFT) <= 0.02


def test_a_warm_search_keeps_the_results_that_are_shown_until_it_is_answered(page: Page, stand_in: StandIn) -> None:
    open_explained(page, f"{stand_in.url}/?q=boat")
    page.evaluate("""() => {
      window.skeletons = 0;
      new MutationObserver(() => (skeletons += document.querySelectorAll(".skeleton").length))
        .observe(document.body, {childList: true, subtree: true});
    }""")
    stop_clock(page)  # from now on no timer fires: an answer is quicker than any
    page.get_by_role("searchbox").fill("ducks")
    page.get_by_role("searchbox").press("Enter")
    expect(page.get_by_role("status")).to_have_text("8 matches for “ducks”")
    assert page.evaluate("skeletons") == 0


def test_a_row_of_many_matches_is_as_high_at_once_as_when_all_are_there(phone: Page, stand_in: StandIn) -> None:
    stand_in.answer_next(results=photos([(4, 3), (4, 3), (3, 2), (4, 3), (3, 4)]))
    phone.set_viewport_size({"width": 412, "height": 823})
    open_explained(phone, f"{stand_in.url}/?q=boat")
    assert phone.evaluate(SHIFT) <= 0.02
