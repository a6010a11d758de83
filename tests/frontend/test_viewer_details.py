"""The viewer's details: what is claimed of a picture, what is known of its file, and what can be done with it."""

from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.frontend.answers import evidence, explained, result
from tests.frontend.conftest import watched_page
from tests.frontend.driving import open_explained, pictures
from tests.frontend.stand_in import StandIn
from tests.frontend.test_looks import expect_accessible

pytestmark = pytest.mark.browser
FACTS: dict[str, Any] = {
    "image_path": "2019/holiday/harbour.jpg",
    "taken": "2019-06-02T14:03:22",
    "taken_source": "exif",
    "place": "Lisbon",
    "country": "PT",
    "camera": "Pixel 7",
    "bytes": 3_240_000,
    "copy_count": 2,
    "preview_url": "/previews/drawn.512.jpg",
    "image_url": "/images/drawn.svg",
    "width": 4800,
    "height": 3200,
}


def open_results(page: Page, stand_in: StandIn, *shown: dict[str, Any], **explanation: Any) -> None:
    """Open the first of some results of the same explanation."""
    stand_in.answer_next(results=[result(number, **fields) for number, fields in enumerate(shown)])
    reasons = [explained(number, **explanation) for number in range(len(shown))]
    stand_in.answer_next("explain", results=reasons)
    open_explained(page, f"{stand_in.url}/?q=boat")
    pictures(page).first.click()


def test_nothing_moves_when_the_reason_and_its_words_come(page: Page, stand_in: StandIn) -> None:
    stand_in.answer_next(results=[result(0, **FACTS)])
    release = stand_in.hold_next("explain")
    page.goto(f"{stand_in.url}/?q=a boat at sunset&photo=0")
    words, facts = page.locator("#viewer_words"), page.locator("#viewer_facts")
    expect(facts).to_be_visible()
    expect(words).to_be_hidden()
    before = facts.bounding_box()
    release.set()
    expect(words).to_be_visible()
    expect(page.locator("#viewer_bars b")).to_have_text(["boat", "sunset"])
    assert facts.bounding_box() == before


def test_what_is_known_of_a_photo_is_said_and_no_more(page: Page, stand_in: StandIn) -> None:
    little = {"taken": "2026-11-28T21:00:00", "taken_source": "mtime", "image_path": "a.jpg", "bytes": 81_300, "caption": ""}
    open_results(page, stand_in, FACTS, little, {"taken": "2019-06", "taken_source": "name"})
    rows, of_answer = page.locator("#viewer_facts > div"), page.locator("#viewer_sources > div")
    expect(rows).to_have_text(
        [
            "Taken2 June 2019, 14:03",
            "PlaceLisbon, Portugal",
            "CameraPixel 7",
            "Folder2019/holiday",
            "Size4800 × 3200 pixels, 3.2 MB",
            "File2019/holiday/harbour.jpg",
            "Copies2",
            "Captionfrom the index",
        ]
    )
    expect(of_answer).to_have_text(["Similarity0.91", "Explanationfrom the evidence"])
    expect(page.locator("#viewer_match")).to_have_text("Match: likely · 97%")
    folder = page.get_by_role("link", name="2019/holiday", exact=True)
    expect(folder).to_have_attribute("href", "?q=boat&folder=2019%2Fholiday")
    page.keyboard.press("ArrowRight")
    expect(rows).to_have_text(["File dated28 November 2026, 21:00", "Size384 × 384 pixels, 81 kB", "Filea.jpg"])
    page.keyboard.press("ArrowRight")
    expect(rows.first).to_have_text("TakenJune 2019")


@pytest.mark.parametrize(
    ("verdict", "probability", "said"),
    [
        ("strong", 0.9999, "Match: likely · >99%"),
        ("weak", 0.54, "Match: perhaps · 54%"),
        ("none", 0.0001, "Match: unlikely · <1%"),
        ("weak", None, "Match: perhaps"),
        (None, None, ""),
    ],
)
def test_how_likely_a_match_is_stands_in_words(
    page: Page, stand_in: StandIn, verdict: str | None, probability: float | None, said: str
) -> None:
    judged = {"verdict": verdict, "match_probability": probability}
    open_results(page, stand_in, judged, **judged)
    expect(page.locator("#viewer_match")).to_have_text(said)


def test_words_in_the_picture_are_said_and_marked_where_they_stand(page: Page, stand_in: StandIn) -> None:
    text = [{"text": "HOTEL", "box": [0.5, 0.25, 0.75, 0.5]}, {"text": "BAR", "box": [0.1, 0.8, 0.2, 0.9]}]
    open_results(page, stand_in, FACTS, FACTS | {"evidence": evidence()}, evidence=evidence(text=text))
    button, marks = page.get_by_role("button", name="The picture says “HOTEL” “BAR”"), page.locator("#viewer_marks path")
    expect(marks).to_have_count(0)
    button.click()
    expect(button).to_have_attribute("aria-pressed", "true")
    expect(marks).to_have_count(2)
    picture, mark = page.locator("#viewer_picture").bounding_box(), marks.first.bounding_box()
    assert picture
    assert mark
    fitted = min(picture["width"] / 3, picture["height"] / 2)
    across = picture["x"] + (picture["width"] - 3 * fitted) / 2 + 0.5 * 3 * fitted
    down = picture["y"] + (picture["height"] - 2 * fitted) / 2 + 0.25 * 2 * fitted
    assert (mark["x"], mark["y"]) == pytest.approx((across, down), abs=6)  # half the line's width
    assert (mark["width"], mark["height"]) == pytest.approx((0.25 * 3 * fitted, 0.25 * 2 * fitted), abs=12)
    button.click()
    expect(marks).to_have_count(0)


def test_link_and_path_are_copied_and_shown_where_they_cannot_be(page: Page, stand_in: StandIn) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    open_results(page, stand_in, FACTS)
    dialog = page.get_by_role("dialog")
    for name, copied in (("Copy link", f"{stand_in.url}/?q=boat&photo=0"), ("Copy path", FACTS["image_path"])):
        dialog.get_by_role("button", name=name).click()
        expect(page.locator("#viewer_said")).to_have_text("Copied")
        assert page.evaluate("navigator.clipboard.readText()") == copied
        page.evaluate("viewer_said.textContent = ''")
    page.context.clear_permissions()
    page.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject(new Error()); }")
    page.locator("#viewer_copy_path").click()
    expect(dialog.locator(".toast")).to_contain_text("Copy it from here")
    expect(dialog.locator(".toast .message")).to_have_text(FACTS["image_path"])


def test_the_original_can_be_downloaded_and_its_folder_opened_where_the_server_is(page: Page, stand_in: StandIn) -> None:
    stand_in.local = True
    open_results(page, stand_in, FACTS)
    with page.expect_download() as download:
        page.get_by_role("link", name="Download").click()
    assert download.value.url == f"{stand_in.url}/images/drawn.svg"
    page.get_by_role("button", name="Open folder").click()
    stand_in.wait_until_asked("open-folder", 1)
    assert stand_in.asked["open-folder"] == [{"id": 0}]
    stand_in.fail_next(404, {"error": {"code": "image_not_found", "message": "It is gone."}}, "open-folder")
    page.get_by_role("button", name="Open folder").click()
    expect(page.get_by_role("alert")).to_contain_text("It is gone.")


def test_a_server_elsewhere_offers_no_folder(page: Page, stand_in: StandIn) -> None:
    open_results(page, stand_in, FACTS)
    expect(page.get_by_role("button", name="Copy path")).to_be_visible()
    expect(page.get_by_role("button", name="Open folder")).to_be_hidden()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [(390, 844), (640, 360), (1280, 800)])
def test_twice_the_text_size_and_right_to_left_hold(
    browser: Browser, stand_in: StandIn, size: tuple[int, int], scheme: Any
) -> None:
    captioned = FACTS | {"caption": "قارب أحمر في البحر عند الغروب", "image_path": f"{'long' * 30}/צילום.jpg"}
    with watched_page(browser, viewport={"width": size[0], "height": size[1]}, color_scheme=scheme) as page:
        open_results(page, stand_in, captioned, evidence=evidence(text=[{"text": "HOTEL", "box": [0, 0, 1, 1]}]))
        page.evaluate("document.documentElement.style.fontSize = '200%'")
        expect(page.locator("#viewer_caption")).to_have_css("direction", "rtl")
        assert page.evaluate("viewer.scrollWidth <= viewer.clientWidth")
        assert page.evaluate(
            "document.querySelector('.details').scrollWidth <= document.querySelector('.details').clientWidth"
        )
        for name in ("previous", "next", "close", "heatmap_toggle"):
            expect(page.locator(f"#viewer_{name}")).to_be_in_viewport(ratio=1)
        page.get_by_role("button", name="Copy path").scroll_into_view_if_needed()
        expect(page.get_by_role("button", name="Copy path")).to_be_in_viewport(ratio=1)
        expect_accessible(page)
