"""How fast the page shows results on a phone, and how calm it stays: python -m benchmarks.page PHOTOS.

Enlarges photos of a folder to 12 megapixels, indexes them with the sample models, and has the real server answer Chromium,
which plays a phone: 390 x 844 pixels, a CPU four times slower, 9 Mbit/s and 40 ms to the server. Each row starts with an
empty cache.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import typer
from PIL import Image
from playwright.sync_api import Browser, CDPSession, Page, sync_playwright
from rich.console import Console

from benchmarks import ROOT
from benchmarks.server.load.server import start_server

PIXELS = 12e6
QUERY = "a purple boat"  # sample models find none among photos: all 24 are near misses, and are open
# Without the last one, each window has a toolbar that nobody sees: pages with processes of their own beside the one timed.
CHROMIUM_FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"),
    "--disable-features=InitialWebUI,WebUIToolbarProcessOverheadExperiment,PreloadTopChromeWebUI,WebUIOmniboxPopup",
)
FIRST_PICTURE = "the first picture can be seen"
PHONE: dict[str, Any] = {
    "viewport": {"width": 390, "height": 844},
    "device_scale_factor": 2,
    "is_mobile": True,
    "has_touch": True,
}
CPU_SLOWDOWN = 4
PATIENCE_MS = 120_000  # a busy machine is slow, and the figures say so
NETWORK = {"offline": False, "latency": 40, "downloadThroughput": 9e6 / 8, "uploadThroughput": 9e6 / 8}
# Notes layout shifts without a user's doing, long tasks, and when the first picture of a card can be seen; tells the console
# of that, as being asked again and again would take the page's time.
WATCH = """() => {
  window.seen = {shift: 0, longest_task: 0, first_picture: 0};
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) if (!entry.hadRecentInput) seen.shift += entry.value;
  }).observe({type: "layout-shift", buffered: true});
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) seen.longest_task = Math.max(seen.longest_task, entry.duration);
  }).observe({type: "longtask", buffered: true});
  document.addEventListener("load", ({target}) => {
    if (target.closest?.(".card")) requestAnimationFrame((now) => {
      if (!seen.first_picture) console.info("the first picture can be seen"); // as FIRST_PICTURE
      seen.first_picture ||= now;
    });
  }, {capture: true});
}"""
ALL_LOADED = """() => {
  const images = [...document.querySelectorAll(".card img")];
  images.find((image) => !image.complete)?.scrollIntoView();
  const are_all_made = document.getElementById("cards").ariaBusy === "false";
  return are_all_made && images.length > 0 && images.every((image) => image.complete) && [images.length];
}"""


@dataclass
class Visit:
    """What one visit cost: ms, ms of CPU until then, bytes, the sum of layout shifts, and ms of the longest task."""

    first_picture_ms: float
    cpu_ms: float
    sent: int
    results: int
    shift: float
    longest_task_ms: float


def main(
    photos: Annotated[Path, typer.Argument(help="A folder of photos (JPEG).", exists=True, file_okay=False)],
    count: Annotated[int, typer.Option(min=24, help="How many large photos to make of them.")] = 36,
) -> None:
    """Print a Markdown table, and how many bytes of JavaScript and CSS there are."""
    with TemporaryDirectory() as made:
        index = make_index(photos, Path(made), count)
        environment = {"MODELS_DIR": str(ROOT / "sample" / "models"), "INDEX_DIR": str(index), "PYTHONPATH": str(ROOT)}
        with start_server(environment, cores="0,1", checkout=ROOT, log=Path(made) / "log") as server:
            rows = [f"| {name} | {describe(visit)} |" for name, visit in visits(server.address)]
    code = sum(path.stat().st_size for kind in ("js", "css") for path in (ROOT / "frontend").rglob(f"*.{kind}"))
    heading = (
        "| search | first picture, ms | CPU until then, ms | MB for how many results | layout shift | longest task, ms |"
    )
    lines = [heading, "|---" * 6 + "|", *rows, "", f"JavaScript and CSS: {code / 1e3:.1f} kB unpacked"]
    Console(highlight=False).print("\n".join(lines), soft_wrap=True, markup=False)


def make_index(photos: Path, folder: Path, count: int) -> Path:
    """Enlarge photos to 12 megapixels, and index them with the sample models."""
    images = folder / "images"
    images.mkdir()
    found = sorted(photos.glob("*.jpg"))
    for number, path in enumerate(islice(cycle(found), count)):
        with Image.open(path) as photo:
            scale = (PIXELS / (photo.width * photo.height)) ** 0.5
            large = photo.convert("RGB").resize((round(photo.width * scale), round(photo.height * scale)))
        large.rotate(number // len(found)).save(images / f"{number:03}.jpg", quality=90)  # no copy of another
    command = [sys.executable, "-m", "export", "index", str(images), "--models", "sample", "--out", str(folder / "index")]
    subprocess.run(command, cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)}, check=True, stdout=subprocess.DEVNULL)
    return folder / "index"


def visits(address: str) -> Iterator[tuple[str, Visit]]:
    """Search by a link and by typing, each in a browser that has nothing of the page yet."""
    link = f"{address}/?q={QUERY.replace(' ', '+')}"
    with sync_playwright() as playwright:
        chromium = os.environ.get("CHROMIUM", "/usr/bin/chromium")
        browser = playwright.chromium.launch(executable_path=chromium, headless=False, args=list(CHROMIUM_FLAGS))
        visit(browser, link, typed=False)  # the server's first answers are slower
        for _ in range(3):
            yield "linked", visit(browser, link, typed=False)
            yield "typed", visit(browser, address, typed=True)
        browser.close()


def visit(browser: Browser, address: str, *, typed: bool) -> Visit:
    """Open an address as a phone, perhaps type the query, and wait until every result's picture has come."""
    with browser.new_context(**PHONE) as context:
        context.set_default_timeout(PATIENCE_MS)
        page = context.new_page()
        page.add_init_script(f"({WATCH})()")
        session, sent = throttle(page)
        begun = begun_cpu_ms = 0.0
        if typed:
            page.goto(address, wait_until="networkidle")
            sent.clear()
            begun_cpu_ms = main_thread_ms(session)
            page.get_by_role("searchbox").fill(QUERY)
            begun = page.evaluate("performance.now()")
        with page.expect_console_message(lambda message: message.text == FIRST_PICTURE):
            if typed:
                page.get_by_role("searchbox").press("Enter")
            else:
                page.goto(address, wait_until="commit")
        cpu_ms = main_thread_ms(session) - begun_cpu_ms
        (results,) = page.wait_for_function(ALL_LOADED).json_value()
        seen = page.evaluate("seen")
        return Visit(seen["first_picture"] - begun, cpu_ms, sum(sent), results, seen["shift"], seen["longest_task"])


def throttle(page: Page) -> tuple[CDPSession, list[int]]:
    """Slow CPU and network down; return the session that does, and the list to which the bytes of each answer are added."""
    sent: list[int] = []
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    session.on("Network.loadingFinished", lambda event: sent.append(int(event["encodedDataLength"])))
    session.send("Network.emulateNetworkConditions", NETWORK)
    session.send("Emulation.setCPUThrottlingRate", {"rate": CPU_SLOWDOWN})
    session.send("Performance.enable", {"timeDomain": "threadTicks"})
    return session, sent


def main_thread_ms(session: CDPSession) -> float:
    """Return for how long the page's main thread has run so far; where other processes run meanwhile, they do not count."""
    metrics = {metric["name"]: metric["value"] for metric in session.send("Performance.getMetrics")["metrics"]}
    return 1000 * float(metrics["TaskDuration"])


def describe(visit: Visit) -> str:
    """Return the cells of a row."""
    sent = f"{visit.sent / 1e6:.2f} for {visit.results}"
    return f"{visit.first_picture_ms:.0f} | {visit.cpu_ms:.0f} | {sent} | {visit.shift:.3f} | {visit.longest_task_ms:.0f}"


if __name__ == "__main__":
    typer.run(main)
