"""A browser at a stack that asks for its token: CloudFront's functions, the page, and the function behind its signed URL."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.deploy.cloudfront.edge import Distribution, distribution_served, needs_engine
from tests.deploy.emulator import emulated
from tests.frontend.conftest import open_browser, page
from tests.frontend.driving import cards, drop, file_of, search
from tests.sample_library import SampleLibrary, served

TOKEN = "the-token_of.these~tests"
LOADED = "() => [...document.querySelectorAll('.card img')].slice(0, 3).every((i) => i.complete && i.naturalWidth > 0)"

__all__ = ["page"]  # a fixture
pytestmark = [pytest.mark.browser, needs_engine]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with open_browser() as browser:
        yield browser


@pytest.fixture(scope="module")
def distribution(sample_library: SampleLibrary, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Distribution]:
    behind = sample_library.environment | {"ACCESS_TOKEN": TOKEN, "BEHIND_CLOUDFRONT": "true"}
    with served(sample_library) as (site, _), emulated(behind, tmp_path_factory.mktemp("function") / "log") as function:
        yield Distribution(site, function, TOKEN)


@pytest.fixture(scope="module")
def base(distribution: Distribution) -> Iterator[str]:
    with distribution_served(distribution) as address:
        yield address


def test_a_visitor_logs_in_searches_by_words_and_by_a_picture_and_logs_out(
    page: Page, base: str, distribution: Distribution, sample_library: SampleLibrary
) -> None:
    page.goto(f"{base}/?q=a+boat+at+sunset")
    page.get_by_label("Access token").fill("not-the-token-of-these")
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("alert")).to_have_text("That is not the token.")
    page.get_by_label("Access token").fill(TOKEN)
    page.get_by_role("button", name="Log in").click()
    expect(cards(page).first).to_contain_text("boat")
    page.wait_for_function(LOADED)
    search(page, "a castle")
    expect(cards(page).first).to_contain_text("castle")
    picture = sorted(Path(sample_library.images).glob("*.jpg"))[7]
    drop(page, file_of(picture.read_bytes(), picture.name, "image/jpeg"))
    expect(page.get_by_role("status").first).to_contain_text("like yours")
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_label("Access token")).to_be_visible()
    assert distribution.refused_by_aws == 0
