"""Filters: in the address, as chips, in their form, and in what the server is asked; and the order of results."""

import pytest
from playwright.sync_api import Page, expect

from tests.frontend.driving import cards, search
from tests.frontend.stand_in import StandIn

pytestmark = pytest.mark.browser
ALL = "from=2019-06&to=2021&folder=holiday&place=Lisbon&camera=Pixel+7&text=yes"
WHERE = {"from": "2019-06", "to": "2021", "folder": "holiday", "place": "Lisbon", "camera": "Pixel 7", "has_text": True}
SAID = ["from June 2019", "up to 2021", "in holiday", "of Lisbon", "taken with Pixel 7", "with text"]


def test_a_link_names_filters_for_library_and_search_and_each_can_be_removed(page: Page, stand_in: StandIn) -> None:
    page.goto(f"{stand_in.url}/?{ALL}")
    chips = page.locator("#chips button")
    expect(chips).to_have_text(SAID)
    expect(page.locator("#months button.picture")).to_have_count(10)
    assert stand_in.asked["timeline"] == [WHERE | {"has_text": "true"}]
    assert stand_in.asked["pictures"] == [WHERE | {"has_text": "true", "order": "date", "offset": "0", "limit": "100"}]
    search(page, "boat")
    expect(cards(page)).to_have_count(8)
    expect(page).to_have_url(f"{stand_in.url}/?q=boat&{ALL}")
    assert stand_in.asked["search"][-1]["where"] == WHERE
    page.get_by_role("button", name="Remove the filter “of Lisbon”").click()
    expect(chips).to_have_text([said for said in SAID if said != "of Lisbon"])
    expect(page).to_have_url(f"{stand_in.url}/?q=boat&{ALL.replace('place=Lisbon&', '')}")
    expect(page.locator("#filter_button")).to_be_focused()
    page.go_back()
    expect(chips).to_have_text(SAID)


def test_the_form_sets_filters_offers_folders_and_clears_them(page: Page, stand_in: StandIn) -> None:
    page.goto(stand_in.url)
    page.get_by_role("button", name="Filter", exact=True).press("Enter")
    expect(page.locator("#folders option")).to_have_count(2)
    assert page.locator("#folders option").first.get_attribute("value") == "holiday"
    page.get_by_label("from", exact=True).fill(" 2021-07 ")
    page.get_by_label("in the folder").fill("2019/Lisbon")
    page.get_by_label("with text").select_option("never")
    page.get_by_label("up to").fill("")
    page.get_by_label("from", exact=True).press("Enter")
    expect(page.get_by_label("from", exact=True)).to_be_hidden()
    expect(page).to_have_url(f"{stand_in.url}/?from=2021-07&folder=2019%2FLisbon&text=no")
    expect(page.locator("#chips button")).to_have_text(["from July 2021", "in 2019/Lisbon", "without text"])
    page.get_by_role("button", name="Filter", exact=True).click()
    expect(page.get_by_label("from", exact=True)).to_have_value("2021-07")
    stand_in.wait_until_asked("folders", 2)
    assert stand_in.asked["folders"][-1] == {"from": "2021-07", "has_text": "false"}, (
        "the folder's own filter hid the others"
    )
    page.get_by_label("from", exact=True).fill("2020")
    expect(page.get_by_label("up to")).to_have_value("")  # it was left open, and stays so
    page.get_by_role("button", name="Clear").click()
    expect(page).to_have_url(f"{stand_in.url}/")
    expect(page.locator("#chips button")).to_have_count(0)


@pytest.mark.parametrize(
    ("typed", "said"), [("2021", "in 2021"), ("2021-06", "in June 2021"), ("2021-06-03", "on 3 June 2021")]
)
def test_one_year_month_or_day_is_typed_once_and_is_one_chip(page: Page, stand_in: StandIn, typed: str, said: str) -> None:
    page.goto(f"{stand_in.url}/?q=boat")
    page.get_by_role("button", name="Filter", exact=True).press("Enter")
    page.get_by_label("from", exact=True).press_sequentially(typed)
    expect(page.get_by_label("up to")).to_have_value(typed)
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{stand_in.url}/?q=boat&from={typed}&to={typed}")
    expect(page.locator("#chips button")).to_have_text([said])
    stand_in.wait_until_asked("search", 2)
    assert stand_in.asked["search"][-1]["where"] == {"from": typed, "to": typed}
    page.get_by_role("button", name="Remove the filter").press("Enter")
    expect(page).to_have_url(f"{stand_in.url}/?q=boat")


def test_up_to_follows_no_more_once_it_says_something_else(page: Page, stand_in: StandIn) -> None:
    page.goto(f"{stand_in.url}/?from=2019&to=2019")
    page.get_by_role("button", name="Filter", exact=True).press("Enter")
    page.get_by_label("from", exact=True).fill("2018")
    expect(page.get_by_label("up to")).to_have_value("2018")
    page.get_by_label("up to").fill("2021")
    page.get_by_label("from", exact=True).fill("2020")
    page.keyboard.press("Enter")
    expect(page.locator("#chips button")).to_have_text(["from 2020", "up to 2021"])


def test_escape_leaves_the_form_and_changes_nothing(page: Page, stand_in: StandIn) -> None:
    page.goto(stand_in.url)
    page.get_by_role("button", name="Filter", exact=True).press("Enter")
    page.get_by_label("of", exact=True).fill("Lisbon")
    page.keyboard.press("Escape")
    expect(page.get_by_label("of", exact=True)).to_be_hidden()
    expect(page).to_have_url(f"{stand_in.url}/")


def test_what_the_server_says_of_a_filter_is_shown_and_the_filter_can_be_taken_off(page: Page, stand_in: StandIn) -> None:
    message = "The filter 'from' is '2019-99'; it must be a year, a month or a day."
    stand_in.fail_next(422, {"error": {"code": "filter_invalid", "message": message}}, "timeline")
    page.goto(f"{stand_in.url}/?from=2019-99")
    expect(page.get_by_role("alert")).to_contain_text(message)
    expect(page.locator("#chips button")).to_have_text(["from 2019-99"])
    page.get_by_role("button", name="Remove the filter").click()
    expect(page.locator("#months button.picture")).to_have_count(10)
    expect(page.get_by_role("alert")).to_be_hidden()


def test_filters_that_leave_nothing_say_so(page: Page, stand_in: StandIn) -> None:
    stand_in.months, stand_in.undated = {}, 0
    page.goto(f"{stand_in.url}/?folder=none")
    expect(page.locator("#library_count")).to_have_text("No picture is left by these filters.")


def test_the_order_of_results_stands_in_the_address(page: Page, stand_in: StandIn) -> None:
    page.goto(f"{stand_in.url}/?q=boat")
    expect(cards(page)).to_have_count(8)
    page.get_by_label("Order").select_option("Newest first")
    expect(page).to_have_url(f"{stand_in.url}/?q=boat&order=date")
    stand_in.wait_until_asked("search", 2)
    assert ["order" in asked for asked in stand_in.asked["search"]] == [False, True]
    page.go_back()
    expect(page.get_by_label("Order")).to_have_value("match")
    expect(page.get_by_label("Order")).to_be_visible()


def test_the_order_shares_the_row_of_what_is_said_of_the_results(page: Page, phone: Page, stand_in: StandIn) -> None:
    for screen in (page, phone):
        screen.goto(f"{stand_in.url}/?q=a+red+boat+in+the+rain")
        expect(cards(screen)).to_have_count(8)
        order, status = screen.get_by_label("Order").bounding_box(), screen.get_by_role("status").bounding_box()
        assert order
        assert status
        assert status["x"] + status["width"] <= order["x"]
        assert max(order["y"], status["y"]) < min(order["y"] + order["height"], status["y"] + status["height"])


def test_names_in_another_script_are_written_in_their_direction_and_as_text(page: Page, stand_in: StandIn) -> None:
    page.goto(f"{stand_in.url}/?folder=%D7%97%D7%95%D7%A4%D7%A9%D7%94&place=%3Cb%3E")
    expect(page.locator("#chips button")).to_have_text(["in חופשה", "of <b>"])
    search(page, "סירה")
    assert page.get_by_role("searchbox").evaluate("(box) => getComputedStyle(box).direction") == "rtl"
