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
    expect(first.locator(".badge")).to_contain_text("match · ")
    expect(first.locator(".explanation")).not_to_be_empty()
    expect(first.locator(".chips b")).to_have_text(["boat", "sunset"])
    page.wait_for_function(LOADED)
    assert "q=a+boat+at+sunset" in page.url


def test_an_opened_picture_shows_where_the_words_are_and_what_the_check_found(page: Page, base: str) -> None:
    open_explained(page, f"{base}/?q=a+boat+at+sunset")
    pictures(page).first.click()
    expect(page.get_by_role("dialog")).to_contain_text("Hottest in the ")
    expect(page.get_by_role("dialog")).to_contain_text("Checked")
    expect(page.locator("#viewer_picture canvas")).to_have_css("opacity", "1")
    assert page.locator("#viewer_picture canvas").evaluate(REDDEST) > 240


def test_a_picture_of_the_library_dropped_onto_the_page_is_found_again(
    page: Page, base: str, sample_library: SampleLibrary
) -> None:
    picture = sorted(sample_library.images.glob("*.jpg"))[7]
    page.goto(base)
    drop(page, file_of(picture.read_bytes(), picture.name, "image/jpeg"))
    expect(page.get_by_role("status")).to_have_text("8 pictures like yours")
    pictures(page).first.click()
    expect(page.get_by_role("link", name=picture.name)).to_be_visible()


def test_more_like_this_with_words_is_a_mix(page: Page, base: str) -> None:
    open_explained(page, f"{base}/?q=a+boat")
    cards(page).first.get_by_role("button", name="More like this").click()
    expect(page.get_by_role("status")).to_have_text("8 pictures like this one")
    search(page, "at night")
    expect(page.get_by_role("status")).to_contain_text("“at night”")
    expect(cards(page).first.locator(".explanation")).not_to_be_empty()


def test_the_servers_own_limit_reaches_the_user_in_plain_words(page: Page, base: str) -> None:
    page.goto(f"{base}/?q=a+boat&k=5000")
    expect(page.get_by_text("100 at once are the most")).to_be_visible()
