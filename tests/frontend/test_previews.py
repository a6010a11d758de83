"""Which picture is shown where: on a card the small preview, in the viewer the large one, the file where there is none."""

import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import uvicorn
from playwright.sync_api import Page, expect

from runtime.engine import Engine
from runtime.explain.sentences import EvidenceExplainer
from runtime.library.captions import Captions
from runtime.library.kept_previews import Previews
from runtime.search.query import RequestLimits
from runtime.search.ranking import Ranker
from runtime.settings import Settings
from runtime.stores.flat import FlatStore
from runtime.web.api import create_app
from tests.frontend.answers import result
from tests.frontend.driving import open_explained, pictures
from tests.frontend.stand_in import StandIn
from tests.runtime.conftest import COLOURS, ColourEncoder
from tests.runtime.images.odd_pictures import encoded, noise
from tests.runtime.images.profiles import rgb_profile
from tests.runtime.images.stripping.test_original import exif
from tests.runtime.picture_library import make_library

pytestmark = pytest.mark.browser
TURNED = noise(40, 60)
FORMATS = {
    "a.jpg": encoded(noise(60, 40), "JPEG"),
    "cmyk.jpg": encoded(noise(60, 40).convert("CMYK"), "JPEG"),
    "p3.jpg": encoded(noise(60, 40), "JPEG", icc_profile=rgb_profile()),
    "turned.jpg": encoded(TURNED, "JPEG", exif=exif()),
    "turned.png": encoded(TURNED, "PNG", exif=exif()),
    "turned.avif": encoded(TURNED, "AVIF", exif=exif()),
    "turned.tif": encoded(TURNED, "TIFF", tiffinfo={0x0112: 6}),
    "a.png": encoded(noise(60, 40), "PNG"),
    "a.webp": encoded(noise(60, 40), "WEBP", exif=exif(1)),
    "a.gif": encoded(noise(60, 40).convert("P"), "GIF", comment=b"said"),
    "a.bmp": encoded(noise(60, 40), "BMP"),
    "a.tif": encoded(noise(60, 40), "TIFF"),
    "a tiff.jpg": encoded(noise(60, 40), "TIFF"),
    "a.ppm": encoded(noise(60, 40), "PPM"),
}
SHOWN_SIZES = """(addresses) => Promise.all(addresses.map(async (address) => {
  const image = new Image();
  image.src = address;
  await image.decode().catch(() => null);
  return [image.naturalWidth, image.naturalHeight];
}))"""


@pytest.fixture
def base(tmp_path: Path) -> Iterator[str]:
    """The address of the real app over a library of every format; only the models are played."""
    library = make_library(tmp_path, FORMATS)
    (tmp_path / "index").mkdir()
    library.previews = Previews(tmp_path / "index")
    store = FlatStore(len(COLOURS))
    store.add(range(1, len(FORMATS) + 1), np.full((len(FORMATS), len(COLOURS)), 0.5, np.float32))
    engine = Engine(
        ColourEncoder(),
        Ranker(store, some_ids=library.some_ids),
        library,
        EvidenceExplainer(),
        captions=Captions(library, None),
        limits=RequestLimits(top_k_max=50, query_max_chars=200),
    )
    server = uvicorn.Server(uvicorn.Config(create_app(engine, Settings.read()), log_config=None, ws="none"))
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        thread = threading.Thread(target=server.run, args=([listening],))
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        server.should_exit = True
        thread.join()


def test_every_format_is_seen_upright_as_preview_and_as_original(page: Page, base: str) -> None:
    open_explained(page, f"{base}/?q=red&k=24")
    found = page.request.post(f"{base}/search", data={"query": "red", "top_k": 24}).json()["results"]
    assert {one["image_path"] for one in found} == set(FORMATS)
    addresses = [address for one in found for address in (one["image_url"], one["preview_url"])]
    sizes = page.evaluate(SHOWN_SIZES, addresses)
    assert [(address, size) for address, size in zip(addresses, sizes, strict=True) if size != [60, 40]] == []
    expect(page.locator(".card [data-picture='broken']")).to_have_count(0)


def test_a_card_has_the_small_preview_and_the_viewer_the_large_one(page: Page, base: str) -> None:
    open_explained(page, f"{base}/?q=red")
    first = pictures(page).first.locator("img")
    small = first.get_attribute("src") or ""
    assert small.startswith(f"{base}/previews/")
    assert small.endswith(".512.jpg")
    assert (first.get_attribute("width"), first.get_attribute("height")) == ("60", "40")
    pictures(page).first.click()
    expect(page.locator("#viewer_picture img")).to_have_attribute("src", small.replace(".512.", ".1600."))
    assert "/images/" in (page.locator("#viewer_download").get_attribute("href") or "")


@pytest.mark.parametrize("preview_url", ["/previews/gone.512.jpg", None])
def test_without_a_preview_the_picture_itself_is_shown(page: Page, stand_in: StandIn, preview_url: str | None) -> None:
    one = result(1, image_url="/images/wide.svg", preview_url=preview_url, width=600, height=300)
    stand_in.answer_next(results=[one])
    open_explained(page, f"{stand_in.url}/?q=boat")
    expect(pictures(page).first).to_have_attribute("data-picture", "shown")
    assert (pictures(page).first.locator("img").get_attribute("src") or "").endswith("/images/wide.svg")
