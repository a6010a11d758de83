"""Why each picture is there: results at once, reasons in one go afterwards, verdicts and words, and text that stays text."""

import pytest
from playwright.sync_api import Page, expect

from tests.frontend.answers import evidence, explained, result, word
from tests.frontend.driving import cards, open_explained, open_picture, search
from tests.frontend.stand_in import StandIn

pytestmark = pytest.mark.browser


def test_pictures_come_at_once_and_one_request_fills_in_all_reasons(page: Page, stand_in: StandIn) -> None:
    release = stand_in.hold_next("explain")
    stand_in.answer_next(results=[result(number) for number in range(4)])
    page.goto(f"{stand_in.url}/?q=boat")
    expect(cards(page)).to_have_count(4)
    expect(cards(page).first.locator(".explanation")).to_have_attribute("aria-busy", "true")
    release.set()
    expect(cards(page).nth(3).locator(".explanation")).to_contain_text("(3)")
    expect(cards(page).first.locator(".explanation")).to_have_attribute("aria-busy", "false")
    assert stand_in.asked["explain"] == [{"query": "boat", "ids": [0, 1, 2, 3], "heatmap": False, "explain": True}]


def test_a_reason_lands_on_its_own_picture_whatever_the_order_of_the_answer(page: Page, stand_in: StandIn) -> None:
    stand_in.answer_next("explain", results=[explained(2), explained(0), explained(1)])
    open_explained(page, f"{stand_in.url}/?q=boat&k=3")
    for number in range(3):
        expect(cards(page).nth(number).locator(".explanation")).to_contain_text(f"({number})")


def test_nothing_moves_when_the_reasons_come(page: Page, stand_in: StandIn) -> None:
    release = stand_in.hold_next("explain")
    page.goto(f"{stand_in.url}/?q=boat")
    expect(cards(page)).to_have_count(8)
    places = "() => [...document.querySelectorAll('.card')].map((card) => JSON.stringify(card.getBoundingClientRect()))"
    before = page.evaluate(places)
    release.set()
    expect(cards(page).first.locator(".explanation")).not_to_be_empty()
    assert page.evaluate(places) == before


def test_reasons_of_an_earlier_search_are_dropped_and_no_longer_waited_for(page: Page, stand_in: StandIn) -> None:
    release = stand_in.hold_next("explain")
    with page.expect_event("requestfailed") as overtaken:
        page.goto(f"{stand_in.url}/?q=slow")
        expect(cards(page)).to_have_count(8)
        search(page, "quick")
        expect(page.get_by_role("status")).to_contain_text("“quick”")
    assert (overtaken.value.post_data_json or {})["query"] == "slow"
    release.set()
    expect(cards(page).first.locator(".explanation")).to_contain_text("(0)")
    expect(page.get_by_role("alert")).to_have_count(0)


def test_reasons_that_fail_leave_the_cards_and_a_retry_brings_them(page: Page, stand_in: StandIn) -> None:
    stand_in.fail_next(500, {"error": {"code": "internal", "message": "It broke."}}, "explain")
    page.goto(f"{stand_in.url}/?q=boat")
    toast = page.get_by_role("alert")
    expect(toast).to_contain_text("The explanations could not be fetched")
    expect(toast).to_contain_text("It broke.")
    expect(cards(page)).to_have_count(8)
    expect(cards(page).first).to_contain_text("The explanation could not be fetched")
    toast.get_by_role("button", name="Try again").click()
    expect(cards(page).first.locator(".explanation")).to_contain_text("(0)")
    expect(toast).to_have_count(0)


def test_a_toast_can_be_dismissed(page: Page, stand_in: StandIn) -> None:
    stand_in.hang_up_next("explain")
    page.goto(f"{stand_in.url}/?q=boat")
    page.get_by_role("alert").get_by_role("button", name="Dismiss").click()
    expect(page.get_by_role("alert")).to_have_count(0)


@pytest.mark.parametrize(
    ("verdict", "probability", "said"),
    [
        ("strong", 0.974, "Likely · 97%"),
        ("strong", 0.9999, "Likely · >99%"),
        ("weak", 0.54, "Perhaps · 54%"),
        ("none", 0.06, "Unlikely · 6%"),
        ("none", 0.0001, "Unlikely · <1%"),
        ("weak", None, "Perhaps"),
        (None, None, ""),
    ],
)
def test_a_card_says_in_words_how_likely_it_is(
    page: Page, stand_in: StandIn, verdict: str | None, probability: float | None, said: str
) -> None:
    judged = {"verdict": verdict, "match_probability": probability}
    stand_in.answer_next(results=[result(0, **judged)])
    stand_in.answer_next("explain", results=[explained(0, **judged)])
    open_explained(page, f"{stand_in.url}/?q=boat")
    expect(cards(page).locator(".verdict")).to_have_text(said)


def test_a_query_that_was_cut_says_what_was_searched_for(page: Page, stand_in: StandIn) -> None:
    stand_in.answer_next(query_read="a purple dog on")
    page.goto(f"{stand_in.url}/?q=a+purple+dog+on+a+sledge")
    told = page.get_by_text("Only the beginning was searched for: a purple dog on", exact=True)
    expect(told).to_be_visible()
    search(page, "a purple dog")
    expect(told).to_have_count(0)
    expect(page.locator("#query_read")).to_be_hidden()


def test_a_query_in_another_language_says_that_captions_are_english(page: Page, stand_in: StandIn) -> None:
    stand_in.answer_next(query_language="ja", query_read="赤い船")
    page.goto(f"{stand_in.url}/?q=%E8%B5%A4%E3%81%84%E8%88%B9")
    expect(page.locator("#query_read")).to_have_text(
        "Only the beginning was searched for: 赤い船. Captions are in English. "
        "Unless models are multilingual, English words find more."
    )
    search(page, "a red boat")
    expect(page.locator("#query_read")).to_be_hidden()


def test_the_viewer_shows_words_as_bars_with_their_numbers(page: Page, stand_in: StandIn) -> None:
    words = [word("boat", 1.0), word("castle", 0.0, drop=-0.02), word("sea", 0.0, in_caption=True)]
    stand_in.answer_next("explain", results=[explained(0, evidence=evidence(words=words))])
    open_explained(page, f"{stand_in.url}/?q=boat")
    open_picture(page)
    page.keyboard.press("h")
    expect(page.get_by_role("dialog")).to_contain_text("Checked: ")  # the heatmap's answer has no words, and takes none away
    bars = page.locator("#viewer_bars").get_by_role("listitem")
    expect(bars.nth(0)).to_have_text("boat100%in the caption")
    expect(bars.nth(1)).to_have_text("castlenot foundnot in the caption")
    expect(bars.nth(2)).to_have_text("seain the caption")
    struck = [bar.locator("b").evaluate("(b) => getComputedStyle(b).textDecorationLine") for bar in bars.all()]
    assert struck == ["none", "line-through", "none"]


def test_an_open_picture_gets_its_reason_when_that_comes(page: Page, stand_in: StandIn) -> None:
    release = stand_in.hold_next("explain")
    page.goto(f"{stand_in.url}/?q=boat")
    cards(page).first.locator(".picture").click()
    expect(page.locator("#viewer_explanation")).to_be_empty()
    release.set()
    expect(page.locator("#viewer_explanation")).to_contain_text("as the query does (0)")


def test_markup_from_anyone_shows_as_text(page: Page, stand_in: StandIn) -> None:
    markup = "<img src=x onerror=\"document.title='hacked'\"><b>bold</b>"
    stand_in.answer_next(results=[result(1, caption=markup, image_path=markup, caption_source=markup)])
    told = explained(
        1, explanation=markup, explanation_source=f"groq:{markup}", evidence=evidence(words=[word(markup, 0.5)])
    )
    stand_in.answer_next("explain", results=[told])
    open_explained(page, f"{stand_in.url}/?q={markup}")
    expect(cards(page).get_by_role("heading")).to_have_text(markup)
    expect(cards(page).locator(".explanation")).to_have_text(markup)
    expect(page.get_by_role("status")).to_contain_text("<b>bold</b>")
    cards(page).locator(".picture").click()
    expect(page.locator("#viewer_facts").get_by_role("link", name=markup, exact=True)).to_be_visible()
    expect(page.locator("#viewer_bars b")).to_have_text(markup)
    page.get_by_role("button", name="Close").click()
    for route in ("search", "explain"):
        stand_in.fail_next(400, {"error": {"code": "x", "message": markup}}, route)
        search(page, f"again {route}")
        expect(page.get_by_role("alert")).to_contain_text(markup)
    assert page.locator("b b, [onerror], #status b, h2 b, .explanation b, .message b").count() == 0
    expect(page).to_have_title("again explain · Lookwhy")
