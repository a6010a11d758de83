"""The page in a real browser, against the stand-in server: its states, its address, its keys, and what it must never do."""

import re

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.frontend.stand_in import FRONTEND, StandIn, result

pytestmark = pytest.mark.browser

NAMELESS = """() => [...document.querySelectorAll("button, input, select, a, meter, img, dialog")].filter((element) => {
  const labels = element.labels?.length || element.alt || element.ariaLabel || element.textContent.trim();
  return !labels && !element.getAttribute("aria-labelledby") && !element.querySelector("img[alt]:not([alt=''])")
    && !(element.matches("img") && element.hasAttribute("alt"));
}).map((element) => element.outerHTML)"""


def cards(page: Page) -> Locator:
    return page.locator("#cards .card:not(.skeleton)")


def search(page: Page, query: str) -> None:
    page.get_by_role("searchbox").fill(query)
    page.get_by_role("searchbox").press("Enter")


def test_a_search_shows_a_card_with_picture_caption_explanation_and_score(page: Page, stand_in: StandIn) -> None:
    page.goto(stand_in.url)
    stand_in.answer_next(results=[result(1, score=0.312, caption="a red boat", explanation="Both name a boat.")])
    search(page, "boat")
    card = cards(page)
    expect(card).to_have_count(1)
    expect(card.get_by_role("heading")).to_have_text("a red boat")
    expect(card.get_by_text("Both name a boat.")).to_be_visible()
    expect(card.locator(".score")).to_contain_text("0.31")
    expect(card.locator(".provenance")).to_have_text("Caption from the index · Explanation from the evidence")
    expect(card.locator(".picture")).to_have_attribute("data-picture", "shown")
    expect(card.get_by_alt_text("a red boat")).to_be_visible()
    assert stand_in.asked == [{"query": "boat", "top_k": 8}]


def test_the_live_region_says_how_many_pictures_there_are_for_what(page: Page, stand_in: StandIn) -> None:
    page.goto(stand_in.url)
    search(page, "boat")
    expect(page.get_by_role("status")).to_have_text("8 pictures for “boat”")


def test_a_deep_link_searches_and_names_the_page(page: Page, stand_in: StandIn) -> None:
    page.goto(f"{stand_in.url}/?q=two+ducks&k=3")
    expect(cards(page)).to_have_count(3)
    expect(page).to_have_title("two ducks · Lookwhy")
    expect(page.get_by_role("searchbox")).to_have_value("two ducks")
    expect(page.get_by_role("combobox")).to_have_value("3")


def test_the_back_button_brings_back_each_search_and_then_the_empty_page(page: Page, stand_in: StandIn) -> None:
    page.goto(stand_in.url)
    search(page, "first")
    expect(page.get_by_role("status")).to_contain_text("“first”")
    search(page, "second & last?")
    expect(page.get_by_role("status")).to_contain_text("“second & last?”")
    page.go_back()
    expect(page.get_by_role("status")).to_have_text("8 pictures for “first”")
    page.go_back()
    expect(cards(page)).to_have_count(0)
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


def test_another_number_of_pictures_searches_again(page: Page, stand_in: StandIn) -> None:
    page.goto(f"{stand_in.url}/?q=boat")
    page.get_by_role("combobox").select_option("12")
    expect(cards(page)).to_have_count(12)
    expect(page).to_have_url(f"{stand_in.url}/?q=boat&k=12")


def test_a_slow_search_shows_skeletons_and_is_busy_until_it_is_answered(page: Page, stand_in: StandIn) -> None:
    release = stand_in.hold_next()
    page.goto(f"{stand_in.url}/?q=boat&k=4")
    expect(page.locator(".skeleton")).to_have_count(4)
    expect(page.locator("#cards")).to_have_attribute("aria-busy", "true")
    expect(page.get_by_role("status")).to_have_text("Looking for “boat”")
    release.set()
    expect(cards(page)).to_have_count(4)
    expect(page.locator(".skeleton")).to_have_count(0)
    expect(page.locator("#cards")).to_have_attribute("aria-busy", "false")


def test_an_answer_that_a_newer_search_overtook_is_dropped(page: Page, stand_in: StandIn) -> None:
    release = stand_in.hold_next()
    page.goto(f"{stand_in.url}/?q=slow")
    expect(page.locator(".skeleton")).to_have_count(8)
    search(page, "quick")
    expect(page.get_by_role("status")).to_have_text("8 pictures for “quick”")
    release.set()
    page.wait_for_timeout(200)
    expect(page.get_by_role("status")).to_have_text("8 pictures for “quick”")
    expect(cards(page).first).to_contain_text("quick")


def test_no_results_say_so_and_offer_the_examples(page: Page, stand_in: StandIn) -> None:
    stand_in.answer_next(results=[])
    page.goto(f"{stand_in.url}/?q=boat")
    expect(page.get_by_role("status")).to_have_text("No pictures for “boat”")
    expect(page.get_by_role("link", name="a castle at night")).to_be_visible()


@pytest.mark.parametrize(
    ("status", "body", "title", "message"),
    [
        (422, {"error": {"code": "query_too_long", "message": "Shorten it."}}, "This search was refused", "Shorten it."),
        (500, {"error": {"code": "internal", "message": "It broke."}}, "The server could not search", "It broke."),
        (502, "<h1>Bad Gateway</h1>", "The server could not search", "It answered with status 502."),
        (200, "<h1>Hello</h1>", "The answer cannot be read", "another version"),
    ],
)
def test_a_failed_search_says_what_happened_in_the_servers_words(
    page: Page, stand_in: StandIn, status: int, body: object, title: str, message: str
) -> None:
    stand_in.fail_next(status, body)
    page.goto(f"{stand_in.url}/?q=boat")
    expect(page.get_by_role("alert").get_by_role("heading")).to_have_text(title)
    expect(page.get_by_role("alert")).to_contain_text(message)
    expect(cards(page)).to_have_count(0)


def test_a_server_that_is_gone_is_named_and_the_retry_succeeds(page: Page, stand_in: StandIn) -> None:
    stand_in.hang_up_next()
    page.goto(f"{stand_in.url}/?q=boat")
    expect(page.get_by_role("alert")).to_contain_text("The server cannot be reached")
    page.get_by_role("button", name="Try again").click()
    expect(cards(page)).to_have_count(8)
    expect(page.get_by_role("alert")).to_be_hidden()


def test_a_picture_that_cannot_be_loaded_leaves_a_placeholder(page: Page, stand_in: StandIn) -> None:
    stand_in.answer_next(results=[result(1, image_url="/images/missing.svg"), result(2, image_url="javascript:alert(1)")])
    page.goto(f"{stand_in.url}/?q=boat")
    for card in (cards(page).nth(0), cards(page).nth(1)):
        expect(card.get_by_text("This picture could not be loaded")).to_be_visible()


def test_markup_in_captions_names_and_messages_shows_as_text(page: Page, stand_in: StandIn) -> None:
    markup = "<img src=x onerror=\"document.title='hacked'\"><b>bold</b>"
    stand_in.answer_next(results=[result(1, caption=markup, explanation=markup, image_path=markup, caption_source=markup)])
    page.goto(f"{stand_in.url}/?q={markup}")
    expect(cards(page).get_by_role("heading")).to_have_text(markup)
    expect(cards(page).locator(".explanation")).to_have_text(markup)
    expect(page.get_by_role("status")).to_contain_text("<b>bold</b>")
    cards(page).get_by_role("button").click()
    expect(page.get_by_role("link", name=markup)).to_be_visible()
    page.get_by_role("button", name="Close").click()
    stand_in.fail_next(400, {"error": {"code": "x", "message": markup}})
    search(page, "again")
    expect(page.locator("#failure_message")).to_have_text(markup)
    assert page.locator("main b, dialog b, [onerror]").count() == 0


def test_a_result_without_words_still_makes_a_card(page: Page, stand_in: StandIn) -> None:
    bare = result(1, caption="", caption_source="none", explanation="", explanation_source="none")
    stand_in.answer_next(results=[bare])
    page.goto(f"{stand_in.url}/?q=boat")
    expect(cards(page).get_by_role("heading")).to_have_text("No caption")
    expect(cards(page).get_by_alt_text("Picture scenes/0001.svg")).to_be_visible()
    expect(cards(page).locator(".provenance")).to_have_text("")


def test_the_model_that_explained_is_named(page: Page, stand_in: StandIn) -> None:
    stand_in.answer_next(results=[result(1, explanation_source="groq:openai/gpt-oss-120b")])
    page.goto(f"{stand_in.url}/?q=boat")
    expect(cards(page).locator(".provenance")).to_contain_text("Explanation by openai/gpt-oss-120b (Groq)")


def test_everything_can_be_done_with_the_keyboard(page: Page, stand_in: StandIn) -> None:
    page.goto(stand_in.url)
    box, pictures = page.get_by_role("searchbox"), page.locator("#cards .picture")
    expect(box).to_be_focused()
    box.press("Escape")
    expect(box).not_to_be_focused()
    page.keyboard.press("/")
    expect(box).to_be_focused()
    page.keyboard.type("a castle/tower")
    page.keyboard.press("Enter")
    expect(pictures).to_have_count(8)
    expect(box).to_have_value("a castle/tower")
    for key, at in (("ArrowDown", 0), ("ArrowRight", 1), ("ArrowDown", 5), ("ArrowLeft", 4), ("ArrowUp", 0), ("End", 7)):
        page.keyboard.press(key)
        expect(pictures.nth(at)).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_contain_text("8 of 8")
    page.keyboard.press("ArrowLeft")
    expect(page.get_by_role("dialog")).to_contain_text("a castle/tower, number 6")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(pictures.nth(6)).to_be_focused()
    page.keyboard.press("/")
    page.keyboard.press("Escape")
    expect(box).to_be_focused()
    expect(box).to_have_value("")


def test_a_card_opens_its_picture_big_with_every_fact(page: Page, stand_in: StandIn) -> None:
    page.goto(f"{stand_in.url}/?q=boat")
    cards(page).nth(2).get_by_role("button").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_have_accessible_name("boat, number 2")
    expect(dialog).to_contain_text("3 of 8")
    expect(dialog).to_contain_text("0.87")
    expect(dialog).to_contain_text("cosine similarity")
    expect(dialog.get_by_role("link", name="scenes/0002.svg")).to_have_attribute("href", re.compile("/images/scenes/0002"))
    dialog.get_by_role("button", name="Next").click()
    expect(dialog).to_contain_text("4 of 8")
    dialog.get_by_role("button", name="Close").click()
    expect(cards(page).nth(3).get_by_role("button")).to_be_focused()


@pytest.mark.parametrize("address", ["/", "/?q=boat", "/?q=" + "long" * 60])
def test_a_phone_has_nothing_to_scroll_sideways(page: Page, stand_in: StandIn, address: str) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(stand_in.url + address)
    expect(cards(page)).to_have_count(0 if address == "/" else 8)
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


def test_the_dark_scheme_is_dark(page: Page, stand_in: StandIn) -> None:
    background = "getComputedStyle(document.body).backgroundColor"
    page.goto(stand_in.url)
    assert page.evaluate(background) == "rgb(255, 255, 255)"
    page.emulate_media(color_scheme="dark")
    red, green, blue = map(int, re.findall(r"\d+", page.evaluate(background)))
    assert max(red, green, blue) < 48


def test_everything_one_can_use_has_a_name(page: Page, stand_in: StandIn) -> None:
    page.goto(f"{stand_in.url}/?q=boat")
    expect(cards(page)).to_have_count(8)
    cards(page).first.get_by_role("button").click()
    assert page.evaluate(NAMELESS) == []
    assert page.locator("html").get_attribute("lang") == "en"


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
