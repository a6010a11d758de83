"""A search in a real browser, against the stand-in server: its cards, its address, and the states of the page."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.frontend.answers import result
from tests.frontend.driving import cards, open_explained, search
from tests.frontend.stand_in import FRONTEND, StandIn

pytestmark = pytest.mark.browser


def test_a_search_shows_a_card_with_picture_caption_verdict_words_and_reason(page: Page, stand_in: StandIn) -> None:
    page.goto(stand_in.url)
    stand_in.answer_next(results=[result(1, caption="a red boat")])
    search(page, "boat")
    card = cards(page)
    expect(card).to_have_count(1)
    expect(card.get_by_role("heading")).to_have_text("a red boat")
    expect(card.locator(".verdict")).to_have_text("Likely · 97%")
    expect(card.locator(".explanation")).to_have_text("The caption names a boat and a sunset, as the query does (1).")
    expect(card.locator(".picture")).to_have_attribute("data-picture", "shown")
    expect(card.get_by_alt_text("a red boat")).to_be_visible()
    assert stand_in.asked["search"] == [{"query": "boat", "top_k": 24, "explain": False}]


def test_the_live_region_says_how_many_pictures_there_are_for_what(page: Page, stand_in: StandIn) -> None:
    page.goto(stand_in.url)
    search(page, "boat")
    expect(page.get_by_role("status")).to_have_text("8 matches for “boat”")


def test_a_deep_link_searches_and_names_the_page(page: Page, stand_in: StandIn) -> None:
    stand_in.pictures = 3
    page.goto(f"{stand_in.url}/?q=two+ducks")
    expect(cards(page)).to_have_count(3)
    expect(page).to_have_title("two ducks · Lookwhy")
    expect(page.get_by_role("searchbox")).to_have_value("two ducks")


def test_the_back_button_brings_back_each_search_and_then_the_library(page: Page, stand_in: StandIn) -> None:
    page.goto(stand_in.url)
    search(page, "first")
    expect(page.get_by_role("status")).to_contain_text("“first”")
    search(page, "second & last?")
    expect(page.get_by_role("status")).to_contain_text("“second & last?”")
    page.go_back()
    expect(page.get_by_role("status")).to_have_text("8 matches for “first”")
    page.go_back()
    expect(page.locator("#cards")).to_be_hidden()
    expect(page).to_have_title("Lookwhy")
    page.go_forward()
    expect(page.get_by_role("searchbox")).to_have_value("first")
    expect(cards(page)).to_have_count(8)


def test_an_example_is_one_click_from_its_pictures(page: Page, stand_in: StandIn) -> None:
    page.goto(stand_in.url)
    page.get_by_role("link", name="two yellow ducks").click()
    expect(page).to_have_url(f"{stand_in.url}/?q=two+yellow+ducks")
    expect(cards(page)).to_have_count(8)
    expect(page.locator("#examples")).to_be_hidden()


def test_a_slow_search_shows_skeletons_and_is_busy_until_it_is_answered(page: Page, stand_in: StandIn) -> None:
    release = stand_in.hold_next()
    page.goto(f"{stand_in.url}/?q=boat")
    expect(page.locator(".skeleton")).to_have_count(12)
    expect(page.locator("#cards")).to_have_attribute("aria-busy", "true")
    expect(page.get_by_role("status")).to_have_text("Looking for “boat”")
    release.set()
    expect(cards(page)).to_have_count(8)
    expect(page.locator(".skeleton")).to_have_count(0)
    expect(page.locator("#cards")).to_have_attribute("aria-busy", "false")


def test_an_answer_that_a_newer_search_overtook_is_dropped(page: Page, stand_in: StandIn) -> None:
    release = stand_in.hold_next()
    with page.expect_event("requestfailed") as overtaken:
        page.goto(f"{stand_in.url}/?q=slow")
        expect(page.locator(".skeleton")).to_have_count(12)
        search(page, "quick")
    assert (overtaken.value.post_data_json or {})["query"] == "slow"
    release.set()
    expect(page.get_by_role("status")).to_have_text("8 matches for “quick”")
    expect(cards(page).first).to_contain_text("quick")


def test_no_results_say_so(page: Page, stand_in: StandIn) -> None:
    stand_in.answer_next(results=[])
    page.goto(f"{stand_in.url}/?q=boat")
    expect(page.get_by_role("status")).to_have_text("No pictures for “boat”")
    assert stand_in.asked["explain"] == []


def test_a_picture_that_cannot_be_loaded_leaves_a_placeholder(page: Page, stand_in: StandIn) -> None:
    stand_in.answer_next(results=[result(1, image_url="/images/missing.svg"), result(2, image_url="javascript:alert(1)")])
    page.goto(f"{stand_in.url}/?q=boat")
    for card in (cards(page).nth(0), cards(page).nth(1)):
        expect(card.get_by_text("This picture could not be loaded")).to_be_visible()


def test_the_server_s_own_pictures_lie_below_its_base(page: Page, stand_in: StandIn) -> None:
    page.goto(stand_in.url)
    found = page.evaluate(
        """async () => {
          document.querySelector('meta[name="api-base"]').content = "/below/a/path";
          const { image_address } = await import(new URL("static/request/search_request.js?below", document.baseURI));
          return ["/images/a%20b.jpg", "https://elsewhere.example/images/a.jpg", "/other/a.jpg"].map(image_address);
        }"""
    )
    assert found == [
        f"{stand_in.url}/below/a/path/images/a%20b.jpg",
        "https://elsewhere.example/images/a.jpg",
        f"{stand_in.url}/other/a.jpg",
    ]


def test_a_result_without_words_still_makes_a_card(page: Page, stand_in: StandIn) -> None:
    stand_in.answer_next(results=[result(1, caption="", caption_source="none")])
    stand_in.answer_next("explain", results=[])
    open_explained(page, f"{stand_in.url}/?q=boat")
    expect(cards(page).get_by_role("heading")).to_have_text("No caption")
    expect(cards(page).get_by_alt_text("Picture scenes/0001.svg")).to_be_visible()


def test_a_card_opens_its_picture_big_with_every_fact(page: Page, stand_in: StandIn) -> None:
    open_explained(page, f"{stand_in.url}/?q=boat")
    cards(page).nth(2).locator(".picture").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_have_accessible_name("boat, number 2")
    for fact in ("3 of 8", "Match: likely · 97%", "0.87", "does (2)", "from the evidence"):
        expect(dialog).to_contain_text(fact)
    expect(dialog.get_by_role("link", name="scenes/0002.svg")).to_have_attribute("href", re.compile("/images/scenes/0002"))
    dialog.get_by_role("button", name="Next").click()
    expect(dialog).to_contain_text("4 of 8")
    dialog.get_by_role("button", name="Close").click()
    expect(cards(page).nth(3).locator(".picture")).to_be_focused()


def test_the_page_asks_the_api_that_its_meta_element_names(browser: Browser, stand_in: StandIn) -> None:
    api = "https://api.example.com/prod"
    here = (FRONTEND / "index.html").read_text("utf-8")
    elsewhere = here.replace('name="api-base" content=""', f'name="api-base" content="{api}"')
    with browser.new_context() as context:
        page = context.new_page()
        page.route(f"{stand_in.url}/", lambda route: route.fulfill(body=elsewhere, content_type="text/html"))
        page.route(f"{api}/**", lambda route: route.abort())
        page.goto(f"{stand_in.url}/")
        with page.expect_request(f"{api}/search"):
            search(page, "boat")
    assert elsewhere != here
