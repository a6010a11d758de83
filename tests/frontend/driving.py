"""What the tests of the page do with it over and over: search, find a card, give it files, look at its pixels."""

import base64
import io
from typing import Any

import numpy as np
from PIL import Image
from playwright.sync_api import Locator, Page, expect

FILES = """(files) => {
  const transfer = new DataTransfer();
  for (const {name, type, content} of files) {
    transfer.items.add(new File([Uint8Array.from(atob(content), (byte) => byte.charCodeAt(0))], name, {type}));
  }
  return transfer;
}"""

PASTE = """([clipboardData, text]) => {
  if (text) clipboardData.setData("text/plain", text);
  const pasted = new ClipboardEvent("paste", {clipboardData, bubbles: true, cancelable: true});
  document.activeElement.dispatchEvent(pasted);
}"""


def cards(page: Page) -> Locator:
    return page.locator("#cards .card:not(.skeleton)")


def pictures(page: Page) -> Locator:
    return page.locator("#cards button.picture")


def search(page: Page, query: str) -> None:
    page.get_by_role("searchbox").fill(query)
    page.get_by_role("searchbox").press("Enter")


def open_explained(page: Page, address: str) -> None:
    """Open a page of results and wait until the reasons have come."""
    page.goto(address)
    expect(page.locator(".card[data-why='known']").first).to_be_visible()


def open_picture(page: Page, number: int = 0) -> None:
    """Open a result and wait for the viewer: until its files have come, keys are the card's."""
    pictures(page).nth(number).click()
    expect(page.get_by_role("dialog")).to_be_visible()


def stop_clock(page: Page) -> None:
    """Let the page's timers fire only when a test runs its clock on, however long the machine takes for anything."""
    page.clock.install(time=0)
    page.clock.pause_at(3600)


def picture_bytes(width: int = 64, height: int = 32, form: str = "PNG", **options: Any) -> bytes:
    written = io.BytesIO()
    Image.new("RGB", (width, height), "teal").save(written, form, **options)
    return written.getvalue()


def file_of(content: bytes, name: str = "boat.png", type: str = "image/png") -> dict[str, str]:
    return {"name": name, "type": type, "content": base64.b64encode(content).decode()}


def drag(page: Page, event: str, *files: dict[str, str]) -> None:
    """Let a drag event with files reach the middle of the page."""
    transfer = page.evaluate_handle(FILES, list(files))
    page.locator("main").dispatch_event(event, {"dataTransfer": transfer, "cancelable": True})


def drop(page: Page, *files: dict[str, str]) -> None:
    drag(page, "dragover", *files)
    drag(page, "drop", *files)


def paste(page: Page, *files: dict[str, str], text: str = "") -> None:
    page.evaluate(PASTE, [page.evaluate_handle(FILES, list(files)), text])


def hottest_point(frame: Locator) -> tuple[float, float]:
    """Return where a teal picture glows most on the screen: x and y as fractions of its frame."""
    pixels = np.asarray(Image.open(io.BytesIO(frame.screenshot())).convert("RGB"), np.float32)
    red = pixels[..., 0] - pixels[..., 2]
    rows, columns = np.nonzero(red >= red.max() - 4)
    assert red.max() > 40, "nothing glows"
    return float(columns.mean() / red.shape[1]), float(rows.mean() / red.shape[0])
