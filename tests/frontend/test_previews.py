"""Which picture is shown where: on a card the small preview, in the viewer the large one, the file where there is none."""

import io
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from benchmarks.server.serving import serving_app
from runtime.engine import Engine
from runtime.explain.sentences import EvidenceExplainer
from runtime.library.captions import Captions
from runtime.library.previews.kept_previews import Previews
from runtime.search.query import RequestLimits
from runtime.search.ranking import Ranker
from runtime.settings import Settings
from runtime.stores.flat import FlatStore
from runtime.web.api import create_app
from tests.frontend.answers import result
from tests.frontend.driving import open_explained, pictures
from tests.frontend.stand_in import StandIn
from tests.runtime.conftest import COLOURS, ColourEncoder
from tests.runtime.images.foreign.raw_pictures import preview, raw_tiff
from tests.runtime.images.odd_pictures import encoded, noise, psd
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
    "a.psd": psd(noise(60, 40)),
    "a.jp2": encoded(noise(60, 40), "JPEG2000"),
    "a.j2k": encoded(noise(60, 40), "JPEG2000", no_jp2=True),
}
SHOWN_SIZES = """(addresses) => Promise.all(addresses.map(async (address) => {
  const image = new Image();
  image.src = address;
  await image.decode().catch(() => null);
  return [image.naturalWidth, image.naturalHeight];
}))"""


@pytest.fixture
def base(tmp_path: Path) -> Iterator[str]:
    """The address of the real app over a library of every format that Pillow reads."""
    with served(tmp_path, FORMATS) as address:
        yield address


@contextmanager
def served(folder: Path, files: Mapping[str, bytes]) -> Iterator[str]:
    """Yield the address of the real app over a library of these files; only the models are played."""
    library = make_library(folder, files)
    (folder / "index").mkdir()
    library.previews = Previews(folder / "index")
    store = FlatStore(len(COLOURS))
    store.add(range(1, len(files) + 1), np.full((len(files), len(COLOURS)), 0.5, np.float32))
    engine = Engine(
        ColourEncoder(),
        Ranker(store, some_ids=library.some_ids),
        library,
        EvidenceExplainer(),
        captions=Captions(library, None),
        limits=RequestLimits(top_k_max=50, query_max_chars=200),
    )
    with serving_app(create_app(engine, Settings.read())) as address:
        yield address


def sizes_shown(page: Page, base: str, files: Collection[str]) -> dict[str, list[list[int]]]:
    """Search, check that all of these files are found and none is blank, and return the size at each of their addresses."""
    open_explained(page, f"{base}/?q=red")
    found = page.request.post(f"{base}/search", data={"query": "red", "top_k": 24}).json()["results"]
    assert {one["image_path"] for one in found} == set(files)
    addresses = [[one["image_url"], one["preview_url"]] for one in found]
    sizes = page.evaluate(SHOWN_SIZES, [address for both in addresses for address in both])
    expect(page.locator(".card [data-picture='broken']")).to_have_count(0)
    return {one["image_path"]: sizes[2 * at : 2 * at + 2] for at, one in enumerate(found)}


def test_every_format_is_seen_upright_as_preview_and_as_original(page: Page, base: str) -> None:
    assert sizes_shown(page, base, FORMATS) == {name: [[60, 40], [60, 40]] for name in FORMATS}


def test_heic_and_raw_are_seen_upright_as_preview_and_as_original(page: Page, tmp_path: Path) -> None:
    heif = pytest.importorskip("pillow_heif", reason="the extra `photos` is not installed")
    pytest.importorskip("rawpy", reason="the extra `photos` is not installed")
    written = io.BytesIO()
    heif.from_pillow(noise(60, 40)).save(written, format="HEIF")
    seen = {
        "a.heic": (written.getvalue(), [[60, 40], [60, 40]]),
        "a heic.jpg": (written.getvalue(), [[60, 40], [60, 40]]),
        # the camera's own picture where there is a large one, else the sensor's at half its size
        "a.dng": (raw_tiff("Lookwhy", "Test", dng=True, jpeg=preview()), [[1200, 800], [512, 341]]),
        "a.nef": (raw_tiff("NIKON CORPORATION", "NIKON D70", compression=34713, jpeg=preview()), [[1200, 800], [512, 341]]),
        "turned.dng": (raw_tiff("Lookwhy", "Test", dng=True, orientation=6), [[320, 480], [320, 480]]),
    }
    with served(tmp_path, {name: content for name, (content, _) in seen.items()}) as base:
        assert sizes_shown(page, base, seen) == {name: sizes for name, (_, sizes) in seen.items()}


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


def test_the_smallest_preview_that_is_large_enough_is_asked_for_and_once(page: Page, stand_in: StandIn) -> None:
    page.set_viewport_size({"width": 1920, "height": 1080})
    drawn = {"preview_url": "/previews/drawn.512.jpg", "width": 4800, "height": 3200}
    for count, edge in ((8, 320), (1, 512)):  # few are shown larger
        stand_in.answer_next(results=[result(number, **drawn) for number in range(count)])
        stand_in.pictures_asked.clear()
        open_explained(page, f"{stand_in.url}/?q=boats+{count}")
        expect(pictures(page).last).to_have_attribute("data-picture", "shown")
        assert set(stand_in.pictures_asked) == {f"/previews/drawn.{edge}.jpg"}


def test_a_library_from_before_the_smallest_previews_is_shown_with_its_larger_ones(page: Page, stand_in: StandIn) -> None:
    older = {"preview_url": "/previews/older.512.jpg", "width": 4800, "height": 3200}
    stand_in.answer_next(results=[result(number, **older) for number in range(8)])
    open_explained(page, f"{stand_in.url}/?q=boat")
    first = pictures(page).first
    expect(first).to_have_attribute("data-picture", "shown")
    assert first.locator("img").evaluate("(image) => image.currentSrc") == f"{stand_in.url}/previews/older.512.jpg"
    first.click()
    expect(page.locator("#viewer_picture img")).to_have_attribute("src", f"{stand_in.url}/previews/older.1600.jpg")
    assert not any(asked.startswith("/images/") for asked in stand_in.pictures_asked)


@pytest.mark.parametrize("preview_url", ["/previews/gone.512.jpg", None])
def test_without_a_preview_the_picture_itself_is_shown(page: Page, stand_in: StandIn, preview_url: str | None) -> None:
    one = result(1, image_url="/images/wide.svg", preview_url=preview_url, width=600, height=300)
    stand_in.answer_next(results=[one])
    open_explained(page, f"{stand_in.url}/?q=boat")
    expect(pictures(page).first).to_have_attribute("data-picture", "shown")
    assert (pictures(page).first.locator("img").get_attribute("src") or "").endswith("/images/wide.svg")
