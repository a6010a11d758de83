"""Asking with a picture: dropped, chosen, pasted or taken from a card; alone, and mixed with words."""

import io

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.frontend.driving import cards, drag, drop, file_of, open_explained, paste, picture_bytes, pictures, search
from tests.frontend.stand_in import StandIn

pytestmark = pytest.mark.browser
ORIENTATION = 0x0112


def sent_picture(stand_in: StandIn, at: int = -1) -> Image.Image:
    return Image.open(io.BytesIO(stand_in.asked["search/image"][at]["image"]))


def test_a_picture_dropped_anywhere_finds_ones_like_it(page: Page, stand_in: StandIn) -> None:
    page.goto(stand_in.url)
    drag(page, "dragover", file_of(picture_bytes()))
    expect(page.get_by_text("Drop the picture to find ones like it")).to_be_visible()
    drag(page, "dragleave", file_of(picture_bytes()))
    expect(page.locator("#drop_target")).to_be_hidden()
    drop(page, file_of(picture_bytes()))
    expect(page.locator("#drop_target")).to_be_hidden()
    expect(page.get_by_role("status")).to_have_text("8 pictures like yours")
    expect(page).to_have_title("Pictures like yours · Lookwhy")
    expect(page.get_by_alt_text("Searching with: boat.png")).to_be_visible()
    expect(cards(page).first.locator(".explanation")).to_have_text("It looks like it.")
    fields = stand_in.asked["search/image"][0]
    assert {name: fields[name] for name in fields if name != "image"} == {"top_k": "24", "explain": "true"}
    assert stand_in.asked["explain"] == []


def test_a_picture_can_be_chosen_with_the_keyboard(page: Page, stand_in: StandIn) -> None:
    # Playwright takes over the browser's own dialog as soon as anyone listens, but not at once.
    page.on("filechooser", lambda _: None)
    page.goto(stand_in.url)
    page.get_by_role("searchbox").press("Tab")
    expect(page.get_by_role("button", name="Search with a picture")).to_be_focused()
    with page.expect_file_chooser() as chooser:
        page.keyboard.press("Enter")
    chooser.value.set_files({"name": "boat.png", "mimeType": "image/png", "buffer": picture_bytes()})
    expect(page.get_by_role("status")).to_have_text("8 pictures like yours")


def test_a_picture_can_be_pasted_but_words_that_come_with_one_are_words(page: Page, stand_in: StandIn) -> None:
    page.goto(stand_in.url)
    paste(page, file_of(picture_bytes()), text="copied from a letter")
    paste(page, file_of(picture_bytes()))
    expect(page.get_by_role("status")).to_have_text("8 pictures like yours")
    assert len(stand_in.asked["search/image"]) == 1


def test_a_picture_is_sent_small_upright_and_as_jpeg(page: Page, stand_in: StandIn) -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = 6  # lies on its side
    page.goto(stand_in.url)
    drop(page, file_of(picture_bytes(2400, 1200, "JPEG", exif=exif), "photo.jpg", "image/jpeg"))
    expect(cards(page)).to_have_count(8)
    assert (sent_picture(stand_in).size, sent_picture(stand_in).format) == ((512, 1024), "JPEG")
    assert not sent_picture(stand_in).getexif()


def test_transparency_is_sent_as_white(page: Page, stand_in: StandIn) -> None:
    written = io.BytesIO()
    Image.new("RGBA", (8, 8), (0, 0, 0, 0)).save(written, "PNG")
    page.goto(stand_in.url)
    drop(page, file_of(written.getvalue()))
    expect(cards(page)).to_have_count(8)
    assert sent_picture(stand_in).getpixel((4, 4)) == (255, 255, 255)


def test_a_picture_that_the_browser_cannot_read_is_sent_as_it_is(page: Page, stand_in: StandIn) -> None:
    page.goto(stand_in.url)
    tiff = picture_bytes(20, 10, "TIFF")
    drop(page, file_of(tiff, "scan.tif", "image/tiff"))
    expect(cards(page)).to_have_count(8)
    assert stand_in.asked["search/image"][0]["image"] == tiff


def test_what_the_server_says_of_a_picture_reaches_the_user(page: Page, stand_in: StandIn) -> None:
    stand_in.fail_next(422, {"error": {"code": "image_unreadable", "message": "No picture could be read."}}, "search/image")
    page.goto(stand_in.url)
    drop(page, file_of(b"nothing", "broken.png"))
    expect(page.get_by_role("alert")).to_contain_text("No picture could be read.")


@pytest.mark.parametrize(
    ("files", "title"),
    [
        ([file_of(b"", "a.png"), file_of(b"", "b.png")], "One picture at a time"),
        ([file_of(b"words", "<b>notes.txt</b>", "text/plain")], "That is not a picture"),
        ([file_of(b"MM" + bytes(4_600_000), "huge.tif", "image/tiff")], "That picture is too large"),
    ],
)
def test_files_that_cannot_be_asked_with_are_refused_in_words(
    page: Page, stand_in: StandIn, files: list[dict[str, str]], title: str
) -> None:
    open_explained(page, f"{stand_in.url}/?q=boat")
    drop(page, *files)
    expect(page.get_by_role("alert")).to_contain_text(title)
    expect(page.locator("#toasts b b")).to_have_count(0)
    expect(cards(page)).to_have_count(8)
    assert stand_in.asked["search/image"] == []


def test_a_refusal_is_seen_and_can_be_dismissed_while_a_picture_is_open(page: Page, stand_in: StandIn) -> None:
    open_explained(page, f"{stand_in.url}/?q=boat")
    pictures(page).first.click()
    drop(page, file_of(b"words", "notes.txt", "text/plain"))
    page.get_by_role("dialog").get_by_role("button", name="Dismiss").click()
    expect(page.get_by_role("alert")).to_have_count(0)
    expect(page.get_by_role("dialog")).to_be_visible()


def test_more_like_this_asks_with_a_picture_of_the_library(page: Page, stand_in: StandIn) -> None:
    open_explained(page, f"{stand_in.url}/?q=boat")
    cards(page).nth(3).get_by_role("button", name="More like this").click()
    expect(page.get_by_role("status")).to_have_text("8 pictures like this one")
    expect(page.get_by_role("status")).to_be_focused()
    expect(page).to_have_url(f"{stand_in.url}/?like=3")
    expect(page.get_by_role("searchbox")).to_have_value("")
    expect(page.get_by_alt_text("Searching with: boat, number 3")).to_be_visible()
    assert stand_in.asked["search"][1] == {"query": "", "top_k": 24, "explain": True, "like": 3}
    page.reload()
    expect(page.get_by_alt_text("Searching with: boat, number 3")).to_be_visible()


def test_more_like_this_leads_on_from_the_viewer_too(page: Page, stand_in: StandIn) -> None:
    open_explained(page, f"{stand_in.url}/?q=boat")
    pictures(page).nth(2).click()
    page.get_by_role("dialog").get_by_role("button", name="More like this").click()
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(page.get_by_role("status")).to_have_text("8 pictures like this one")
    expect(page).to_have_url(f"{stand_in.url}/?like=2")


def test_words_beside_a_picture_make_a_mix_that_the_slider_weighs(page: Page, stand_in: StandIn) -> None:
    page.goto(f"{stand_in.url}/?like=3")
    slider = page.get_by_role("slider", name="Mix of words and picture")
    expect(slider).to_be_hidden()
    page.get_by_role("searchbox").fill("at night")
    expect(slider).to_have_attribute("aria-valuetext", "50% words, 50% picture")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_have_text("8 matches for “at night”, like this one")
    expect(cards(page).first.locator(".explanation")).to_contain_text("(0)")
    slider.focus()
    for _ in range(2):
        # Not before the last one was answered: the next would call it off, and it may never have left the browser.
        with page.expect_response("**/search"):
            page.keyboard.press("ArrowRight")
    expect(page).to_have_url(f"{stand_in.url}/?q=at+night&like=3&w=0.7")
    expect(slider).to_have_attribute("aria-valuetext", "30% words, 70% picture")
    expect(slider).to_be_focused()
    mixed = {"query": "at night", "top_k": 24, "explain": False, "like": 3}
    assert stand_in.asked["search"][1:] == [mixed | {"picture_weight": weight} for weight in (0.5, 0.6, 0.7)]
    page.go_back()  # tuning the mix was no step of its own
    expect(page).to_have_url(f"{stand_in.url}/?like=3")


@pytest.mark.parametrize(
    ("address", "asked"),
    [
        ("q=boat&like=3&w=0.2", {"query": "boat", "like": 3, "picture_weight": 0.2}),
        ("q=boat&like=3&w=7", {"query": "boat", "like": 3, "picture_weight": 0.5}),
        ("q=boat&like=three&w=0.2", {"query": "boat"}),
        ("like=3&w=0.2", {"query": "", "like": 3}),
    ],
)
def test_a_deep_link_names_picture_and_mix(page: Page, stand_in: StandIn, address: str, asked: dict[str, object]) -> None:
    page.goto(f"{stand_in.url}/?{address}")
    expect(cards(page)).to_have_count(8)
    fields = stand_in.asked["search"][0]
    assert {name: fields[name] for name in fields if name not in ("top_k", "explain")} == asked


def test_ones_own_picture_mixes_with_words_too(page: Page, stand_in: StandIn) -> None:
    open_explained(page, f"{stand_in.url}/?q=boat")
    drop(page, file_of(picture_bytes()))
    expect(page.get_by_role("status")).to_have_text("8 matches for “boat”, like yours")
    expect(cards(page).first.locator(".explanation")).to_contain_text("(0)")
    fields = stand_in.asked["search/image"][0]
    assert (fields["query"], fields["picture_weight"], fields["explain"]) == ("boat", "0.5", "false")
    page.get_by_role("button", name="Remove the picture").click()
    expect(page.get_by_role("status")).to_have_text("8 matches for “boat”")
    expect(page.get_by_role("searchbox")).to_be_focused()
    expect(page.get_by_role("slider")).to_be_hidden()


def test_a_picture_with_minus_words_alone_has_no_words_to_explain(page: Page, stand_in: StandIn) -> None:
    page.goto(f"{stand_in.url}/?like=3&q=-sunset")
    expect(cards(page)).to_have_count(8)
    assert stand_in.asked["search"][0]["explain"] is True
    assert stand_in.asked["explain"] == []


def test_the_back_button_brings_ones_own_picture_back(page: Page, stand_in: StandIn) -> None:
    page.goto(stand_in.url)
    drop(page, file_of(picture_bytes(), "first.png"))
    expect(page.get_by_alt_text("Searching with: first.png")).to_be_visible()
    drop(page, file_of(picture_bytes(), "second.png"))
    expect(page.get_by_alt_text("Searching with: second.png")).to_be_visible()
    cards(page).first.get_by_role("button", name="More like this").click()
    expect(page).to_have_url(f"{stand_in.url}/?like=0")
    page.go_back()
    expect(page.get_by_alt_text("Searching with: second.png")).to_be_visible()
    expect(page.get_by_role("status")).to_have_text("8 pictures like yours")
    page.go_back()
    expect(page.get_by_alt_text("Searching with: first.png")).to_be_visible()
    page.go_back()
    expect(page.locator("#query_picture")).to_be_hidden()
    expect(cards(page)).to_have_count(0)


def test_a_reload_says_calmly_that_ones_own_picture_was_not_kept(page: Page, stand_in: StandIn) -> None:
    page.goto(stand_in.url)
    drop(page, file_of(picture_bytes()))
    expect(cards(page)).to_have_count(8)
    page.reload()
    expect(page.get_by_text("Your picture was not kept")).to_be_visible()
    expect(page.get_by_role("alert")).to_have_count(0)
    expect(page.locator("#query_picture")).to_be_hidden()
    search(page, "boat")
    expect(page.get_by_role("status")).to_have_text("8 matches for “boat”")
    expect(page.get_by_text("Your picture was not kept")).to_have_count(0)
