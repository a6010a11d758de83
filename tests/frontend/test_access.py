"""A server that asks for a token, or for patience."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.frontend.driving import cards, search, stop_clock
from tests.frontend.stand_in import StandIn

pytestmark = pytest.mark.browser
BUSY = {"error": {"code": "rate_exceeded", "message": "Too many searches."}}
OVERLOADED = {"error": {"code": "overloaded", "message": "64 searches wait."}}
THROTTLED = {"Reason": "ConcurrentInvocationLimitExceeded"}  # by AWS, which does not say until when
DENIED = {"error": {"code": "access_denied", "message": "The token, please."}}


@pytest.mark.parametrize(
    ("status", "body", "retry_s", "wait_s"),
    [(429, BUSY, 30, 30), (503, OVERLOADED, 7, 7), (429, THROTTLED, None, 2), (503, "<h1>Busy</h1>", None, 2)],
)
def test_a_busy_server_is_told_of_and_asked_again_once_it_said(
    page: Page, stand_in: StandIn, status: int, body: object, retry_s: int | None, wait_s: int
) -> None:
    stop_clock(page)
    stand_in.fail_next(status, body, retry_s=retry_s)
    page.goto(f"{stand_in.url}/?q=boat")
    expect(page.get_by_role("status")).to_have_text(f"The server is busy. Trying again in {wait_s} s.")
    page.clock.run_for(1000 * (wait_s - 1))
    assert len(stand_in.asked["search"]) == 1
    page.clock.run_for(1000)
    expect(cards(page)).to_have_count(8)


def test_a_server_that_stays_busy_is_asked_twice_and_then_left_to_the_user(page: Page, stand_in: StandIn) -> None:
    stop_clock(page)
    stand_in.fail_next(429, BUSY, retry_s=1)
    stand_in.fail_next(429, BUSY, retry_s=1)
    page.goto(f"{stand_in.url}/?q=boat")
    expect(page.get_by_role("status")).to_contain_text("busy")
    page.clock.run_for(1000)
    expect(page.get_by_role("alert").get_by_role("heading")).to_have_text("The server is busy")
    page.clock.run_for(60_000)
    assert len(stand_in.asked["search"]) == 2
    page.get_by_role("button", name="Try again").click()
    expect(cards(page)).to_have_count(8)


def test_a_long_wait_is_left_to_the_user(page: Page, stand_in: StandIn) -> None:
    stand_in.fail_next(429, BUSY, retry_s=3600)
    page.goto(f"{stand_in.url}/?q=boat")
    expect(page.get_by_role("alert")).to_contain_text("Too many searches.")


def test_another_search_does_not_wait_for_the_one_before(page: Page, stand_in: StandIn) -> None:
    stop_clock(page)
    stand_in.fail_next(429, BUSY, retry_s=30)
    page.goto(f"{stand_in.url}/?q=boat")
    expect(page.get_by_role("status")).to_contain_text("busy")
    search(page, "duck")
    expect(page.get_by_role("status")).to_have_text("8 matches for “duck”")
    page.clock.run_for(60_000)
    assert [asked["query"] for asked in stand_in.asked["search"]] == ["boat", "duck"]


def test_reasons_are_asked_for_again_while_the_server_is_busy(page: Page, stand_in: StandIn) -> None:
    stand_in.fail_next(429, BUSY, "explain", retry_s=1)  # nothing on the page tells when the wait begins: the clock goes on
    page.goto(f"{stand_in.url}/?q=boat")
    expect(page.locator(".card[data-why='known']")).to_have_count(8)


def test_a_page_without_a_session_leads_to_the_login_and_says_where_to_go_back_to(page: Page, stand_in: StandIn) -> None:
    stand_in.fail_next(401, DENIED)
    page.goto(f"{stand_in.url}/?q=two+boats&k=4")
    expect(page).to_have_url(re.compile(r"/login\?back=%3Fq%3Dtwo%2Bboats%26k%3D4$"))
    expect(page.get_by_label("Access token")).to_be_visible()


def test_where_there_is_a_login_there_is_a_way_out(page: Page, stand_in: StandIn) -> None:
    stand_in.login = True
    page.goto(stand_in.url)
    page.get_by_role("button", name="Log out").click()
    expect(page).to_have_url(f"{stand_in.url}/login")
    assert len(stand_in.asked["logout"]) == 1


def test_where_there_is_no_login_there_is_no_way_out(page: Page, stand_in: StandIn) -> None:
    with page.expect_response("**/readyz"):
        page.goto(stand_in.url)
    expect(page.get_by_role("button", name="Search", exact=True)).to_be_visible()
    expect(page.get_by_role("button", name="Log out")).to_have_count(0)


def test_pictures_of_a_server_of_another_origin_are_asked_for_as_cors_demands(page: Page, stand_in: StandIn) -> None:
    page.goto(stand_in.url)
    given = page.evaluate("""async () => {
      document.querySelector('meta[name="api-base"]').content = "https://api.example/prod";
      const { show_image } = await import(new URL("static/request/search_request.js?elsewhere", document.baseURI));
      const image = {};  // loads nothing
      const asked_for = (address) => (show_image(image, address), image.crossOrigin);
      return ["https://api.example/prod/images/a", "https://cdn.example/a", `blob:${location.origin}/1`].map(asked_for);
    }""")
    assert given == ["anonymous", None, None]
