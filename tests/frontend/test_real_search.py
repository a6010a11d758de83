"""The page on the real server: a search by words, in headless Chromium, over the sample library."""

import pytest
from playwright.sync_api import Page, expect

from tests.sample_library import SampleLibrary, served

pytestmark = pytest.mark.browser
PATIENCE_MS = 20_000


def test_a_search_shows_pictures_captions_and_reasons(page: Page, sample_library: SampleLibrary) -> None:
    with served(sample_library) as (base, _):
        page.goto(base)
        page.get_by_role("searchbox").fill("a boat at sunset")
        page.keyboard.press("Enter")
        cards = page.locator(".card:not(.skeleton)")
        expect(cards.first).to_be_visible(timeout=PATIENCE_MS)
        expect(cards.first).to_contain_text("boat")
        expect(cards.first).to_contain_text("The caption mentions")
        loaded = "image => image.complete && image.naturalWidth > 0"
        page.wait_for_function(f"() => [...document.querySelectorAll('.card img')].slice(0, 3).every({loaded})")
        assert "q=a+boat+at+sunset" in page.url or "q=a%20boat%20at%20sunset" in page.url


def test_the_servers_own_words_reach_the_user(page: Page, sample_library: SampleLibrary) -> None:
    with served(sample_library) as (base, _):
        page.goto(f"{base}/?q=a+boat&k=5000")
        expect(page.get_by_text("top_k is 5000")).to_be_visible(timeout=PATIENCE_MS)
