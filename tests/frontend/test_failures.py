"""A server that is offline, slow or unwilling: told apart, in its own words where it has any, with a way on."""

import contextlib
import shutil
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.frontend.driving import cards, search, stop_clock
from tests.frontend.stand_in import FRONTEND, StandIn
from tests.frontend.stand_in_server import serving

pytestmark = pytest.mark.browser


def fault(message: str, code: str = "any") -> dict[str, object]:
    return {"error": {"code": code, "message": message}}


@pytest.mark.parametrize(
    ("status", "body", "title", "message"),
    [
        (422, fault("Say it otherwise."), "This search was refused", "Say it otherwise."),
        (422, fault("Say what it shows.", "query_empty"), "Nothing to look for", "Say what it shows."),
        (422, fault("Shorten it.", "query_too_long"), "That is too long", "Shorten it."),
        (422, fault("It is HEIC.", "image_unreadable"), "That picture cannot be read", "It is HEIC."),
        (413, "<h1>Too large</h1>", "That is too large", "Give a smaller picture."),
        (403, {"Message": "Forbidden"}, "The server answers signed requests only", "UrlAuthType=NONE"),
        (
            403,
            fault("A page of another origin.", "origin_not_allowed"),
            "This search was refused",
            "A page of another origin.",
        ),
        (500, fault("It broke."), "The server could not answer", "It broke."),
        (502, "<h1>Bad Gateway</h1>", "The server could not answer", "failed (status 502)"),
        (503, fault("No index.", "artefact_missing"), "The server could not answer", "No index."),
        (200, "<h1>Hello</h1>", "The answer cannot be read", "another version"),
        (
            200,
            {"results": [{"image_path": "boat.jpg", "caption": "a boat"}]},
            "The answer cannot be read",
            "another version",
        ),
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


@pytest.mark.parametrize(("status", "offered"), [(422, 0), (413, 0), (403, 0), (408, 1), (500, 1)])
def test_a_retry_is_offered_where_it_may_help(page: Page, stand_in: StandIn, status: int, offered: int) -> None:
    stand_in.fail_next(status, fault("No."))
    page.goto(f"{stand_in.url}/?q=boat")
    expect(page.get_by_role("alert")).to_contain_text("No.")
    expect(page.get_by_role("button", name="Try again")).to_have_count(offered)


def test_a_server_that_is_gone_is_named_and_the_retry_succeeds(page: Page, stand_in: StandIn) -> None:
    stand_in.hang_up_next()
    page.goto(f"{stand_in.url}/?q=boat")
    expect(page.get_by_role("alert")).to_contain_text("The server cannot be reached")
    page.get_by_role("button", name="Try again").click()
    expect(cards(page)).to_have_count(8)
    expect(page.get_by_role("alert")).to_be_hidden()


def test_a_server_that_answers_but_not_to_this_page_is_told_from_one_that_is_gone(
    browser: Browser, stand_in: StandIn, tmp_path: Path
) -> None:
    running = contextlib.ExitStack()
    api = running.enter_context(serving(StandIn()))  # says nothing of CORS, as a function whose URL wants signatures
    stand_in.frontend = Path(shutil.copytree(FRONTEND, tmp_path / "frontend")).resolve()
    stand_in.policy = f"{stand_in.policy}; connect-src {api.url}"
    html = stand_in.frontend / "index.html"
    html.write_text(html.read_text("utf-8").replace('name="api-base" content=""', f'name="api-base" content="{api.url}"'))
    with running, browser.new_context() as context:
        page = context.new_page()
        page.goto(f"{stand_in.url}/?q=boat")
        expect(page.get_by_role("alert")).to_contain_text("UrlAuthType is AWS_IAM")
        running.close()
        page.get_by_role("button", name="Try again").click()
        expect(page.get_by_role("alert")).to_contain_text("The server cannot be reached")


def test_a_browser_without_a_network_says_so_and_tries_again_by_itself_once_there_is_one(
    page: Page, stand_in: StandIn
) -> None:
    page.goto(stand_in.url)
    page.context.set_offline(True)
    search(page, "boat")
    expect(page.get_by_role("alert")).to_contain_text("You are offline")
    page.context.set_offline(False)
    expect(cards(page)).to_have_count(8)
    assert len(stand_in.asked["search"]) == 1


def test_a_slow_server_is_said_to_be_waking_up_until_it_answers(page: Page, stand_in: StandIn) -> None:
    stop_clock(page)
    release = stand_in.hold_next()
    page.goto(f"{stand_in.url}/?q=boat")
    page.clock.run_for(4900)
    expect(page.get_by_role("status")).to_have_text("Looking for “boat”")
    page.clock.run_for(200)
    expect(page.get_by_role("status")).to_have_text(
        "Still looking for “boat”. The server may be waking up: the first search after a quiet time takes up to 30 s."
    )
    release.set()
    expect(page.get_by_role("status")).to_have_text("8 matches for “boat”")
    page.clock.run_for(10_000)
    expect(page.get_by_role("status")).to_have_text("8 matches for “boat”")


def test_a_retry_of_a_picture_question_sends_the_picture_again(page: Page, stand_in: StandIn) -> None:
    stand_in.hang_up_next()
    page.goto(f"{stand_in.url}/?like=3")
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("status")).to_have_text("8 pictures like this one")
    assert [fields["like"] for fields in stand_in.asked["search"]] == [3, 3]
