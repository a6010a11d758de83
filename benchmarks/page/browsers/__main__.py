"""What of the page works in Firefox and in WebKitGTK: python -m benchmarks.page.browsers --index artifacts/sample/index

Each check drives the page on the real server, over the sample library; the last one ends the server. A browser that is not
installed is left out, and named.
"""

import contextlib
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import axe_playwright_python
import typer
from rich.console import Console
from rich.table import Table

from benchmarks import ROOT
from benchmarks.page.browsers.drivers import DrivenBrowser, NotHere, firefox, webkit
from benchmarks.server.load.server import start_server

ENTER, ESCAPE = "\ue007", "\ue00c"
PRELUDE = """
const $ = (found) => document.querySelector(found);
const pictures = () => [...document.querySelectorAll("#cards img, .rows img")];
const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const until = async (what, holds) => {
  for (const end = Date.now() + 20000; Date.now() < end; await wait(50)) if (await holds()) return;
  throw Error(`not within 20 s: ${what}`);
};
const shows_pictures = () => until("pictures", () => pictures().some((image) => image.complete && image.naturalWidth));
"""
GIVE_PICTURE = """
const canvas = Object.assign(document.createElement("canvas"), { width: 2000, height: 1000 });
canvas.getContext("2d").fillRect(0, 0, 2000, 1000);
const content = await new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
const dataTransfer = new DataTransfer();
dataTransfer.items.add(new File([content], "given.png", { type: "image/png" }));
await until("an answer", async () => { // again where the page was not listening yet
  $("main").dispatchEvent(new DragEvent("drop", { dataTransfer, bubbles: true, cancelable: true }));
  await wait(3000);
  return $("#status").textContent.includes("like yours");
});
await shows_pictures();
"""
KEPT = """
await navigator.serviceWorker.ready;
await until("a kept page", async () => {
  const [name] = await caches.keys();
  return name && (await (await caches.open(name)).keys()).length > 20;
});
"""
AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text("utf-8")
FAULTS = """
const { violations } = await axe.run();
if (violations.length) throw Error(violations.map(({ id }) => id).join(", "));
"""
NARROW = """
const { scrollWidth, clientWidth } = document.documentElement;
if (scrollWidth > clientWidth) throw Error(`${scrollWidth} px wide in a window of ${clientWidth}`);
return `${clientWidth} px`;
"""


class Checks:
    """The page at `base`, in one browser."""

    def __init__(self, driver: DrivenBrowser, base: str, end_server: Callable[[], None]) -> None:
        self._driver, self._base, self._end_server = driver, base, end_server

    def _run(self, script: str) -> str:
        return str(self._driver.run(PRELUDE + script) or "")

    def opens_empty(self) -> str:
        """The page, with nothing asked."""
        self._driver.open(self._base)
        return self._run("""await until("a search box", () => $("#query")?.checkVisibility());""")

    def opens_a_search(self) -> str:
        """A link to a search."""
        self._driver.open(f"{self._base}/?q=a+red+boat")
        return self._run("await shows_pictures();")

    def searches_by_keyboard(self) -> str:
        """/ and words and Enter."""
        self._driver.open(self._base)
        self._run("""await until("a search box", () => $("#query")?.checkVisibility()); document.activeElement.blur();""")
        self._driver.press("/", *"a duck", ENTER)
        return self._run("""await until("q=a+duck", () => location.search.includes("q=a+duck")); await shows_pictures();""")

    def goes_back(self) -> str:
        """Back, after a search."""
        return self._run("""history.back(); await until("the start", () => !location.search && !$("#query").value);""")

    def opens_the_viewer(self) -> str:
        """A picture opened, and closed by Escape."""
        self.opens_a_search()
        # By a click: a headless Firefox has no focus, and its buttons then take no Enter.
        self._run("""pictures()[0].closest("button, a").click();""")
        self._run("""await until("an open picture", () => $("dialog[open] img")?.naturalWidth);""")
        self._driver.press(ESCAPE)
        return self._run("""await until("no dialog", () => !$("dialog[open]"));""")

    def takes_a_picture(self) -> str:
        """A picture that is dropped, shrunk and searched with."""
        self._driver.open(self._base)
        return self._run(GIVE_PICTURE)

    def has_no_faults(self) -> str:
        """What axe-core finds, with results."""
        self.opens_a_search()
        self._driver.run(AXE)
        return self._run(FAULTS)

    def fits_a_phone(self) -> str:
        """Nothing to scroll sideways in a narrow window."""
        self._driver.resize(390, 844)
        self.opens_a_search()
        told = self._run(NARROW)
        self._driver.resize(1280, 800)
        return told

    def is_kept(self) -> str:
        """Its service worker, and the page where the server is gone."""
        self._driver.open(self._base)
        self._run(KEPT)
        self._driver.open(self._base)  # now under its service worker
        self._end_server()
        self._driver.open(f"{self._base}/?q=a+red+boat")
        return self._run(
            """await until("a reason", () => $("#failure")?.checkVisibility()); return $("#failure_title").textContent;"""
        )


CHECKS = (
    Checks.opens_empty,
    Checks.opens_a_search,
    Checks.searches_by_keyboard,
    Checks.goes_back,
    Checks.opens_the_viewer,
    Checks.takes_a_picture,
    Checks.has_no_faults,
    Checks.fits_a_phone,
    Checks.is_kept,
)


def main(
    index: Annotated[Path, typer.Option(help="The index of the sample library.")] = ROOT / "artifacts/sample/index",
    models: Annotated[Path, typer.Option(help="Its models.")] = ROOT / "sample/models",
) -> None:
    """Drive the page in each browser that is there, and print what works."""
    failed = False
    for open_browser in (firefox, webkit):
        with contextlib.ExitStack() as browser, contextlib.ExitStack() as server, TemporaryDirectory() as logs:
            environment = {"INDEX_DIR": str(index), "MODELS_DIR": str(models), "LOG_LEVEL": "WARNING"}
            log = Path(logs) / "server.log"
            running = server.enter_context(start_server(environment, cores="0,1", checkout=ROOT, log=log))
            try:
                driver = browser.enter_context(open_browser())
            except NotHere as missing:
                Console().print(f"Left out: {missing}.")
                continue
            checks = Checks(driver, running.address, server.close)
            table = Table("check", "", title=driver.version)
            for check in CHECKS:
                try:
                    table.add_row(check.__doc__, f"works {check(checks)}")
                except RuntimeError as fault:
                    failed = True
                    table.add_row(check.__doc__, str(fault))
            Console().print(table)
    if failed:
        raise typer.Exit(1)


if __name__ == "__main__":
    typer.run(main)
