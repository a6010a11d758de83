"""Zoom, pan and swipe in the viewer, by mouse, wheel, keys and fingers."""

from typing import Any

import pytest
from playwright.sync_api import CDPSession, Page, expect

from tests.frontend.answers import explained, result
from tests.frontend.driving import open_explained, pictures
from tests.frontend.stand_in import StandIn

pytestmark = pytest.mark.browser
PLACE = """() => {
  const {a, e, f} = new DOMMatrix(getComputedStyle(document.getElementById("viewer_layers")).transform);
  return [a, e, f];
}"""
IMAGE = "#viewer_picture img"


def open_drawn(page: Page, stand_in: StandIn) -> tuple[float, float]:
    """Open the first of two previewed pictures, 4800 x 3200; return the middle of its stage."""
    drawn = {"preview_url": "/previews/drawn.512.jpg", "image_url": "/images/drawn.svg", "width": 4800, "height": 3200}
    stand_in.answer_next(results=[result(number, **drawn) for number in range(2)])
    stand_in.answer_next("explain", results=[explained(number) for number in range(2)])
    open_explained(page, f"{stand_in.url}/?q=boat&k=2")
    pictures(page).first.click()
    expect(page.locator(IMAGE)).to_have_attribute("src", f"{stand_in.url}/previews/drawn.1600.jpg")
    box = page.locator("#viewer_picture").bounding_box()
    assert box
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def place(page: Page) -> list[float]:
    """Return the scale of the picture, and how far it is moved to the right and down, in pixels."""
    found: list[float] = page.evaluate(PLACE)
    return found


def expect_scale(page: Page, scale: float) -> None:
    page.wait_for_function(f"() => Math.abs(({PLACE})()[0] - {scale}) < 0.01")


def test_a_double_click_zooms_to_its_point_and_back(page: Page, stand_in: StandIn) -> None:
    x, y = open_drawn(page, stand_in)
    page.mouse.dblclick(x + 100, y - 40)
    expect_scale(page, 2.5)
    assert place(page)[1:] == pytest.approx([-150, 60], abs=1)  # the point stays where it is
    page.mouse.dblclick(x, y)
    expect_scale(page, 1)
    assert place(page) == pytest.approx([1, 0, 0], abs=1e-6)


def test_the_wheel_and_the_keys_zoom_and_the_original_comes_past_the_previews_pixels(page: Page, stand_in: StandIn) -> None:
    x, y = open_drawn(page, stand_in)
    page.mouse.move(x, y)
    page.mouse.wheel(0, -100)
    expect_scale(page, 1.2214)
    assert "/images/drawn.svg" not in stand_in.pictures_asked
    with page.expect_response("**/images/drawn.svg"):
        for _ in range(6):
            page.keyboard.press("+")
    expect_scale(page, 8)
    expect(page.locator(IMAGE)).to_have_attribute("src", f"{stand_in.url}/images/drawn.svg")
    page.mouse.wheel(0, 5000)
    expect_scale(page, 1)
    page.keyboard.press("+")
    expect_scale(page, 1.5)
    page.keyboard.press("ArrowRight")  # the next one is whole
    expect(page.get_by_role("dialog")).to_contain_text("2 of 2")
    assert place(page) == pytest.approx([1, 0, 0], abs=1e-6)
    assert page.url.startswith(stand_in.url)


def drag(page: Page, start: tuple[float, float], across: float, down: float = 0) -> None:
    page.mouse.move(*start)
    page.mouse.down()
    page.mouse.move(start[0] + across / 2, start[1] + down / 2)
    page.mouse.move(start[0] + across, start[1] + down)
    page.mouse.up()


def test_a_zoomed_picture_is_dragged_up_to_its_edges_and_a_whole_one_to_the_next(page: Page, stand_in: StandIn) -> None:
    middle = open_drawn(page, stand_in)
    dialog = page.get_by_role("dialog")
    page.mouse.dblclick(*middle)
    drag(page, middle, 50, -20)
    assert place(page)[1:] == pytest.approx([50, -20], abs=1)
    for _ in range(2):
        drag(page, middle, 440)
    width, height = page.evaluate("(() => { const {clientWidth: w, clientHeight: h} = viewer_picture; return [w, h]; })()")
    fitted = min(width / 3, height / 2) * 3
    assert place(page)[1] == pytest.approx((2.5 * fitted - width) / 2, abs=2)
    page.keyboard.press("-")
    page.keyboard.press("-")
    page.keyboard.press("-")
    expect_scale(page, 1)
    drag(page, middle, -30)
    drag(page, middle, -80, 200)  # mostly down: no swipe
    expect(dialog).to_contain_text("1 of 2")
    drag(page, middle, -120)
    expect(dialog).to_contain_text("2 of 2")
    drag(page, middle, -120)  # there is no next one
    assert place(page) == pytest.approx([1, 0, 0], abs=1e-6)
    drag(page, middle, 120)
    expect(dialog).to_contain_text("1 of 2")


def touch(devtools: CDPSession, kind: str, *points: tuple[float, float]) -> None:
    touched: list[dict[str, Any]] = [{"x": x, "y": y, "id": number} for number, (x, y) in enumerate(points)]
    devtools.send("Input.dispatchTouchEvent", {"type": f"touch{kind}", "touchPoints": touched})


def test_fingers_pinch_swipe_and_tap_twice(phone: Page, stand_in: StandIn) -> None:
    x, y = open_drawn(phone, stand_in)
    dialog = phone.get_by_role("dialog")
    devtools = phone.context.new_cdp_session(phone)

    touch(devtools, "Start", (x - 40, y))
    touch(devtools, "Start", (x - 40, y), (x + 40, y))
    for out in (50, 60, 80):
        touch(devtools, "Move", (x - out, y), (x + out, y))
    touch(devtools, "End")
    expect_scale(phone, 2)
    expect(dialog).to_contain_text("1 of 2")
    for _ in range(2):
        touch(devtools, "Start", (x, y))
        touch(devtools, "End")
    expect_scale(phone, 1)
    touch(devtools, "Start", (x + 60, y))
    for to in (30, 0, -30, -60):
        touch(devtools, "Move", (x + to, y))
    touch(devtools, "End")
    expect(dialog).to_contain_text("2 of 2")
    assert phone.evaluate("visualViewport.scale") == 1


def test_one_finger_scrolls_down_to_the_details(phone: Page, stand_in: StandIn) -> None:
    x, y = open_drawn(phone, stand_in)
    devtools = phone.context.new_cdp_session(phone)
    touch(devtools, "Start", (x, y))
    for up in range(30, 300, 30):
        touch(devtools, "Move", (x, y - up))
    touch(devtools, "End")
    phone.wait_for_function("() => viewer.scrollTop > 200")
    close = phone.get_by_role("button", name="Close").bounding_box()
    assert close
    assert close["y"] > 760  # within reach of a thumb, wherever the details are scrolled to
    assert phone.evaluate("viewer.scrollWidth <= viewer.clientWidth")
    phone.get_by_role("button", name="Next").click()
    expect(phone.get_by_role("dialog")).to_contain_text("2 of 2")
