"""How smoothly the page scrolls made-up photos, in Chromium: python -m benchmarks.page.timeline --pictures 100000.

The real app serves the catalogue and a preview of its own for each picture (links to a few files: the browser fetches and
decodes every one). Scrolling is Chromium's own gesture, at a speed in CSS pixels a second; frames are those of
`requestAnimationFrame`, and one is late after 1.5 of its intervals. Memory is what is left after garbage collection.
"""

import itertools
import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import numpy as np
import typer
from PIL import Image, ImageFilter
from playwright.sync_api import CDPSession, Page, sync_playwright
from rich.console import Console

from benchmarks.server.serving import serving_app
from export.index.photos.counts import write_photo_counts
from runtime.bootstrap import open_engine
from runtime.images import encode_preview
from runtime.library.catalog import Library
from runtime.library.image_rows import CATALOG_SCHEMA
from runtime.library.photos.photo_facts import PHOTO_FACTS_SCHEMA
from runtime.library.previews.kept_previews import Previews
from runtime.library.previews.preview_files import preview_path
from runtime.settings import Settings
from runtime.terminal import told_errors
from runtime.web.api import create_app

SHAPES = ((512, 384), (512, 341), (341, 512), (512, 288), (512, 512), (384, 512), (512, 384), (512, 341))
VARIANTS = 4  # of each shape
SHOWN_EDGES = 320, 512  # of the previews; the page of this window asks for the smaller ones
YEARS, SEED = 20, 7
FRAME_MS, LATE = 1000 / 60, 1.5
CHROMIUM_FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking")
# Notes each frame's length, and now and then how many elements there are.
WATCH = """() => {
  window.frames_ms = [], window.most_elements = 0;
  let last = performance.now();
  const all = document.getElementsByTagName("*");
  const next = (now) => {
    frames_ms.push(now - last);
    last = now;
    if (frames_ms.length % 20 === 0) most_elements = Math.max(most_elements, all.length);
    requestAnimationFrame(next);
  };
  requestAnimationFrame(next);
}"""
TAKE = "() => [frames_ms.splice(0), most_elements, document.querySelectorAll('#months button').length]"


def main(
    pictures: Annotated[int, typer.Option(min=1000, help="How many pictures the library has.")] = 100_000,
    seconds: Annotated[int, typer.Option(min=1, help="How long each scroll takes.")] = 10,
    index: Annotated[Path, typer.Option(help="An index whose models answer; its pictures are not shown.")] = Path(
        "artifacts/sample/index"
    ),
) -> None:
    """Print a Markdown table: frames, late ones, memory and elements, by how fast is scrolled."""
    with told_errors(), TemporaryDirectory() as made, serving(make_library(Path(made), pictures), index) as address:
        rows = list(scrolls(address, seconds))
    heading = "| scrolled | px | frames/s | late | longest, ms | heap, MB | elements at most | pictures |"
    lines = [f"{pictures:,} pictures", "", heading, "|---" * 8 + "|", *rows]
    Console(highlight=False).print("\n".join(lines), soft_wrap=True, markup=False)


def make_library(folder: Path, count: int) -> Library:
    """Write a catalogue of photos of 20 years, one in 50 undated, and a preview of each."""
    index, rng = folder / "index", np.random.default_rng(SEED)
    (index / "g000001").mkdir(parents=True)
    catalog = index / "g000001" / "catalog.sqlite"
    shapes = [SHAPES[at % len(SHAPES)] for at in range(count)]
    with closing(sqlite3.connect(catalog, isolation_level=None)) as connection:
        connection.executescript("PRAGMA synchronous = OFF;" + CATALOG_SCHEMA + PHOTO_FACTS_SCHEMA)
        connection.execute("BEGIN")
        connection.executemany(
            "INSERT INTO images (id, image_path, sha256, bytes, mtime_ns, width, height) VALUES (?, ?, ?, 1, 0, ?, ?)",
            (
                (at + 1, f"event {at // 250}/IMG_{at:07}.jpg", f"{at:064x}", 8 * width, 8 * height)
                for at, (width, height) in enumerate(shapes)
            ),
        )
        dated = ((at + 1, taken(at, count, rng)) for at in range(count) if at % 50)
        connection.executemany("INSERT INTO photo_facts (id, taken, taken_source) VALUES (?, ?, 'exif')", dated)
        connection.execute("COMMIT")
        write_photo_counts(connection)
    link_previews(folder, index, count)
    library = Library(catalog, folder / "images")
    library.previews = Previews(index)
    return library


def taken(at: int, count: int, rng: np.random.Generator) -> str:
    """Return when a picture was taken: any time in the year of its place."""
    month, day, second = rng.integers([12, 28, 60]).tolist()
    return f"{2005 + at * YEARS // count}-{month + 1:02}-{day + 1:02}T12:00:{second:02}"


def link_previews(folder: Path, index: Path, count: int) -> None:
    """Draw a few previews that cost as much to decode as photos, and link each picture's to one of them."""
    rng = np.random.default_rng(SEED)
    drawn = []
    for width, height in SHAPES * VARIANTS:
        pixels = rng.integers(0, 256, (height // 16, width // 16, 3), np.uint8)
        image = Image.fromarray(pixels).resize((width, height), Image.Resampling.BICUBIC)
        grain = Image.effect_noise((width, height), 40).filter(ImageFilter.GaussianBlur(1)).convert("RGB")
        drawn.append(Image.blend(image, grain, 0.3))
    for edge in SHOWN_EDGES:
        for at, image in enumerate(drawn):
            (folder / f"{at}.{edge}.jpg").write_bytes(encode_preview(image, edge))
        for at in range(count):
            path = preview_path(index, f"{at:064x}", edge)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.hardlink_to(folder / f"{at % len(drawn)}.{edge}.jpg")


@contextmanager
def serving(library: Library, index: Path) -> Iterator[str]:
    """Serve a library by the real app, and yield its address."""
    settings = Settings.read(index_dir=index)
    engine = open_engine(settings)
    engine.library = library
    with serving_app(create_app(engine, settings)) as address:
        yield address


def scrolls(address: str, seconds: int) -> Iterator[str]:
    """Yield a row of the table for each way of scrolling."""
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, headless=False, args=CHROMIUM_FLAGS)
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        page.goto(address)
        page.locator("#months button img").first.wait_for()
        page.wait_for_timeout(3000)
        session = page.context.new_cdp_session(page)
        session.send("Performance.enable")
        page.evaluate(WATCH)
        page.wait_for_timeout(2000)
        yield measured(page, session, "not at all", 0, 2)
        for name, speed in (("slowly", 800), ("fast", 4000), ("flung", 20_000)):
            gesture = {"x": 600, "y": 500, "yDistance": -speed * seconds, "speed": speed, "gestureSourceType": "mouse"}
            session.send("Input.synthesizeScrollGesture", gesture)
            yield measured(page, session, f"{name}, {speed:,} px/s", speed * seconds, seconds)
        years = page.locator("#years button")
        for year in range(years.count()):
            years.nth(year).click()
            page.wait_for_timeout(300)
        yield measured(page, session, "year by year, to the end", 0, 0)
        gesture = {"x": 600, "y": 500, "yDistance": 4000 * seconds, "speed": 4000, "gestureSourceType": "mouse"}
        session.send("Input.synthesizeScrollGesture", gesture)
        yield measured(page, session, "back, 4,000 px/s", 4000 * seconds, seconds)
        browser.close()


def measured(page: Page, session: CDPSession, name: str, distance_px: int, seconds: int) -> str:
    """Return a row of the table about the frames since the last one."""
    frames_ms, elements, shown = page.evaluate(TAKE)
    session.send("HeapProfiler.collectGarbage")
    metrics: dict[str, Any] = {one["name"]: one["value"] for one in session.send("Performance.getMetrics")["metrics"]}
    lengths = np.array(frames_ms[1:])
    late = float(np.mean(lengths > LATE * FRAME_MS))
    figures = [
        f"{1000 / lengths.mean():.1f}",
        f"{late:.1%}",
        f"{lengths.max():.0f}",
        f"{metrics['JSHeapUsedSize'] / 1e6:.1f}",
    ]
    distance = f"{distance_px:,}" if seconds and distance_px else ""
    return "| " + " | ".join(itertools.chain([name, distance], figures, [f"{elements:,}", str(shown)])) + " |"


if __name__ == "__main__":
    typer.run(main)
