"""The page on the real server, over the sample library: by words, by a picture, and where in a picture the words are."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.frontend.driving import cards, drop, file_of, open_explained, pictures, search
from tests.sample_library import SampleLibrary, served

pytestmark = pytest.mark.browser
LOADED = "() => [...document.querySelectorAll('.card img')].slice(0, 3).every((i) => i.complete && i.naturalWidth > 0)"
REDDEST = """(canvas) => {
  const {data} = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  return data.filter((_, at) => at % 4 === 0).reduce((most, red) => Math.max(most, red), 0);
}"""


@pytest.fixture(scope="module")
def base(sample_library: SampleLibrary) -> Iterator[str]:
    """The address of the real server."""
    with served(sample_library) as (base, _):
        yield base


def test_a_search_shows_pictures_captions_verdicts_and_reasons(page: Page, base: str) -> None:
    page.goto(base)
    search(page, "a boat at sunset")
    first = cards(page).first
    expect(first).to_contain_text("boat")
    expect(first.locator(".verdict")).to_contain_text("%")
    expect(first.locator(".explanation")).not_to_be_empty()
    page.wait_for_function(LOADED)
    assert "q=a+boat+at+sunset" in page.url


def test_an_opened_picture_shows_where_the_words_are_and_what_the_check_found(page: Page, base: str) -> None:
    open_explained(page, f"{base}/?q=a+boat+at+sunset")
    pictures(page).first.click()
    expect(page.locator("#viewer_bars b")).to_have_text(["boat", "sunset"])
    page.keyboard.press("h")
    expect(page.get_by_role("dialog")).to_contain_text(" counts for most.")
    expect(page.get_by_role("dialog")).to_contain_text("Checked")
    expect(page.locator("#viewer_heatmap")).to_be_visible()
    assert page.locator("#viewer_heatmap").evaluate(REDDEST) > 230


def test_a_picture_of_the_library_dropped_onto_the_page_is_found_again(
    page: Page, base: str, sample_library: SampleLibrary
) -> None:
    picture = sorted(sample_library.images.glob("*.jpg"))[7]
    page.goto(base)
    drop(page, file_of(picture.read_bytes(), picture.name, "image/jpeg"))
    expect(page.get_by_role("status")).to_have_text("The first 24 pictures like yours")
    pictures(page).first.click()
    expect(page.get_by_role("link", name=picture.name)).to_be_visible()


def test_more_like_this_with_words_is_a_mix(page: Page, base: str) -> None:
    open_explained(page, f"{base}/?q=a+boat")
    cards(page).first.get_by_role("button", name="More like this").click()
    expect(page.get_by_role("status")).to_have_text("The first 24 pictures like this one")
    search(page, "at night")
    expect(page.get_by_role("status")).to_contain_text("“at night”")
    expect(cards(page).first.locator(".explanation")).not_to_be_empty()


def test_the_servers_own_words_reach_the_user(page: Page, base: str) -> None:
    page.goto(f"{base}/?q=a+boat&from=2019-99")
    expect(page.get_by_text("from is")).to_be_visible()
