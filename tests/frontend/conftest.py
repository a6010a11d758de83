"""A headless Chromium, pages that are watched while a test drives them, and the server that stands in for the runtime."""

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.frontend.stand_in import StandIn
from tests.frontend.stand_in_server import serving

# Chromium heeds the last --disable-features alone, so playwright's own are named again. The first five are a toolbar and an
# address line that are pages with processes of their own, in each window that nobody sees: half of a test's time.
FEATURES = [
    *("InitialWebUI", "WebUIToolbarProcessOverheadExperiment", "PreloadTopChromeWebUI", "WebUIOmniboxPopup"),
    *("WebUIOmniboxAimPopup", "SpareRendererForSitePerProcess", "LensOverlay", "MediaRouter", "PaintHolding"),
    *("AvoidUnnecessaryBeforeUnloadCheckSync", "DestroyProfileOnBrowserClose", "ThirdPartyStoragePartitioning"),
    *("HttpsUpgrades", "HttpsFirstBalancedModeAutoEnable", "AvoidCorsURLLoaderRestartOnRedirect"),
    *("OptimizationHints", "NetworkTimeServiceQuerying", "AimEnabled", "PreconnectToSearch"),
]
# The second row keeps Chromium from calling home, which would hang where there is no network.
CHROMIUM_FLAGS = [
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    f"--disable-features={','.join(FEATURES)}",
]
PATIENCE_MS = 60_000  # a busy machine is no fault of the page; only what fails waits so long


@contextlib.contextmanager
def open_browser() -> Iterator[Browser]:
    """The Chromium that $CHROMIUM or the path names; playwright's own cannot be downloaded everywhere."""
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if not chromium or not Path(chromium).exists():
        pytest.skip("no Chromium: install one (apt install chromium), or name it in $CHROMIUM")
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        # headless=False: the flag asks for the browser's own headless mode, which Debian's chromium has.
        browser = playwright.chromium.launch(executable_path=chromium, headless=False, args=CHROMIUM_FLAGS)
        yield browser
        browser.close()


# Per package, not per session: while playwright's sync API is open, its event loop counts as running in this thread, and
# any other test's asyncio.run() would fail.
@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """The one browser of these files."""
    with open_browser() as browser:
        yield browser


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A fresh page of 1280 x 800."""
    with watched_page(browser, viewport={"width": 1280, "height": 800}) as page:
        yield page


@pytest.fixture
def phone(browser: Browser) -> Iterator[Page]:
    """A fresh page of 390 x 844 under a finger."""
    with watched_page(browser, viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True) as page:
        yield page


@contextlib.contextmanager
def watched_page(browser: Browser, **options: Any) -> Iterator[Page]:
    """A page that in the end must have stayed on one host and have said nothing to the console."""
    context = browser.new_context(reduced_motion="reduce", **options)
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    hosts: set[str] = set()
    complaints: list[str] = []
    page.on("request", lambda request: hosts.add(urlsplit(request.url).netloc))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda message: complaints.append(f"{message.type}: {message.text}"))
    yield page
    context.close()
    # The browser itself reports each answer with an error status; the tests that script one expect it. Only those of
    # test_installed.py have a service worker: it would load the whole page once more for every test.
    reports = ("Failed to load resource", "fetching the script")
    assert [text for text in complaints if not any(report in text for report in reports)] == []
    assert len(hosts - {""}) <= 1, f"the page asked more than its own host: {hosts}"


@pytest.fixture
def stand_in() -> Iterator[StandIn]:
    """The scripted server, one per test, at `stand_in.url`."""
    with serving(StandIn()) as stand_in:
        yield stand_in
