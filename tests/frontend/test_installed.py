"""The installed page: its own files are kept for when there is no network, whole, of one version, and nothing else is."""

import contextlib
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Error, Page, expect

from tests.frontend.conftest import watched_page
from tests.frontend.driving import cards, search
from tests.frontend.stand_in import FRONTEND, StandIn
from tests.frontend.stand_in_server import serving

pytestmark = pytest.mark.browser
KEPT = """async () => {
  const kept = {};
  for (const name of await caches.keys()) {
    const requests = await (await caches.open(name)).keys();
    kept[name] = requests.map(({url}) => url.slice(new URL(".", location).href.length));
  }
  return kept;
}"""
# A promise counts as true for `wait_for_function`, so the page itself waits until it has a cache, filled, that is not `old`.
WAIT_UNTIL_KEPT = """async (old) => {
  for (let tries = 0; tries < 1200; tries++) {
    const [name, ...others] = await caches.keys();
    if (name && name !== old && !others.length && (await (await caches.open(name)).keys()).length) return true;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}"""


@contextlib.contextmanager
def installed(browser: Browser, stand_in: StandIn) -> Iterator[Page]:
    """A page that its service worker has kept. In a context of its own: a worker sees every page of its context."""
    stand_in.installable = True
    with watched_page(browser) as page:
        page.goto(f"{stand_in.url}/")
        wait_until_kept(page)
        yield page


def wait_until_kept(page: Page, old: str = "") -> None:
    assert page.evaluate(WAIT_UNTIL_KEPT, old)
    page.evaluate("() => navigator.serviceWorker.ready.then(() => null)")


def test_the_page_opens_without_a_network_and_searches_by_itself_once_there_is_one(
    browser: Browser, stand_in: StandIn
) -> None:
    with installed(browser, stand_in) as page:
        page.context.set_offline(True)
        page.goto(f"{stand_in.url}/?q=boat")
        expect(page.get_by_role("alert")).to_contain_text("You are offline")
        assert not stand_in.asked["search"]
        page.context.set_offline(False)
        expect(cards(page)).to_have_count(8)
        expect(page.get_by_role("alert")).to_be_hidden()


def test_a_search_that_failed_before_the_network_was_known_to_be_gone_says_so_and_goes_on(
    page: Page, stand_in: StandIn
) -> None:
    page.route("**/search", lambda route: route.abort())
    page.goto(f"{stand_in.url}/?q=boat")
    expect(page.get_by_role("alert")).to_contain_text("The server cannot be reached")
    page.context.set_offline(True)
    expect(page.get_by_role("alert")).to_contain_text("You are offline")
    page.unroute("**/search")
    page.context.set_offline(False)
    expect(cards(page)).to_have_count(8)


def test_no_picture_and_no_answer_is_kept_but_all_that_the_page_is_made_of(browser: Browser, stand_in: StandIn) -> None:
    with installed(browser, stand_in) as page:
        page.goto(f"{stand_in.url}/?q=boat")
        expect(cards(page)).to_have_count(8)
        [files] = page.evaluate(KEPT).values()
        loaded = page.evaluate("performance.getEntriesByType('resource').map((loaded) => loaded.name)")
        loaded = {name.removeprefix(f"{stand_in.url}/") for name in loaded}
        assert {name for name in loaded if name.startswith("static/")} <= set(files)
        assert all(file == "" or file.startswith("static/") for file in files)


@pytest.fixture
def below_a_path(tmp_path: Path) -> Iterator[StandIn]:
    """A server below the path of a proxy, with a copy of the page that can be changed."""
    copy = Path(shutil.copytree(FRONTEND, tmp_path / "frontend")).resolve()
    with serving(StandIn(prefix="/pictures", frontend=copy)) as stand_in:
        yield stand_in


def test_below_a_path_a_new_version_replaces_the_old_one_and_is_what_is_kept(
    browser: Browser, below_a_path: StandIn
) -> None:
    with installed(browser, below_a_path) as page:
        [old] = page.evaluate(KEPT)
        assert "/pictures/" in old
        html = below_a_path.frontend / "index.html"
        html.write_text(html.read_text("utf-8").replace("</header>", "<p>The new version</p></header>"), "utf-8")
        page.reload()
        expect(page.get_by_text("The new version")).to_be_visible()
        wait_until_kept(page, old)
        page.context.set_offline(True)
        page.reload()
        expect(page.get_by_text("The new version")).to_be_visible()


def test_a_logout_takes_what_is_kept_away_and_the_login_is_never_kept(browser: Browser, stand_in: StandIn) -> None:
    stand_in.login = True
    with installed(browser, stand_in) as page:
        page.reload()
        expect(
            page.get_by_role("button", name="Log out")
        ).to_be_visible()  # before it, the page still asks for what it shows
        expect(page.locator("#library")).to_have_attribute("aria-busy", "false")
        stand_in.refuses = 401
        page.get_by_role("button", name="Log out").click()
        expect(page).to_have_url(f"{stand_in.url}/login")
        page.goto(f"{stand_in.url}/?q=boat")
        expect(page.get_by_label("Access token")).to_be_visible()
        assert page.evaluate(KEPT) == {}
        page.context.set_offline(True)
        with pytest.raises(Error, match="ERR_"):
            page.goto(f"{stand_in.url}/")
        page.context.set_offline(False)
        stand_in.refuses = 0
        page.goto(f"{stand_in.url}/")
        wait_until_kept(page)


def test_where_the_server_fails_the_page_says_so_and_what_it_refuses_is_not_hidden(
    browser: Browser, stand_in: StandIn
) -> None:
    with installed(browser, stand_in) as page:
        page.reload()
        stand_in.refuses = 502
        stand_in.fail_next(502, "<h1>Bad Gateway</h1>")
        page.goto(f"{stand_in.url}/?q=boat")
        expect(page.get_by_role("alert")).to_contain_text("The server could not answer")
        stand_in.refuses = 404
        page.goto(f"{stand_in.url}/")
        expect(page.get_by_text("refused")).to_be_visible()


def test_the_page_works_where_no_service_worker_can_be_had(page: Page, stand_in: StandIn) -> None:
    page.goto(stand_in.url)
    search(page, "boat")
    expect(cards(page)).to_have_count(8)
    # A registration is there until it has failed; those of one worker fail in turn, so that the page's has, too, by then.
    register = "navigator.serviceWorker.register('service_worker.js').then(() => null, (failure) => failure.name)"
    assert page.evaluate(register) == "TypeError"
    assert page.evaluate("navigator.serviceWorker.getRegistration().then((found) => found ?? null)") is None
