"""RAW: the camera's preview where it is large enough, the right way up; else the sensor's picture."""

import numpy as np
import pytest
from PIL import Image

from runtime.errors import ImageTooLarge, ImageUnreadable
from runtime.images import OpenedImage, PictureLimits, decode_image, opened_bytes
from runtime.images.foreign import worker_pool
from tests.runtime.images.foreign.raw_pictures import SENSOR, preview, raw_tiff

pytest.importorskip("rawpy", reason="the extra `photos` is not installed")

BLUE, GREEN = (0, 0, 200), (0, 160, 0)
KINDS = {
    "DNG": ("Lookwhy", "Test", 1),
    "NEF": ("NIKON CORPORATION", "NIKON D70", 34713),
    "PEF": ("PENTAX Corporation", "PENTAX K10D", 65535),
    "ARW": ("SONY", "DSLR-A700", 32767),
    "SRW": ("SAMSUNG", "NX10", 32770),
    "ERF": ("SEIKO EPSON CORP.", "R-D1", 1),
}
# Where the preview's blue side lies, as a share of width and height.
PLACES = {1: (0.1, 0.5), 3: (0.9, 0.5), 6: (0.5, 0.1), 8: (0.5, 0.9)}


@pytest.fixture(autouse=True)
def _decoded_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker_pool, "_decodes_here", True)


def raw(kind: str, *, orientation: int = 1, jpeg: bytes | None = None) -> bytes:
    make, model, compression = KINDS[kind]
    return raw_tiff(make, model, compression=compression, orientation=orientation, dng=kind == "DNG", jpeg=jpeg)


def pixel_at(image: Image.Image, share: tuple[float, float]) -> tuple[int, ...]:
    pixel = image.getpixel((int(share[0] * image.width), int(share[1] * image.height)))
    assert isinstance(pixel, tuple)
    return pixel


def is_near(pixel: tuple[int, ...], colour: tuple[int, int, int]) -> bool:
    return bool(np.abs(np.subtract(pixel, colour)).max() <= 12)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("orientation", PLACES)
def test_the_cameras_preview_is_shown_the_right_way_up(kind: str, orientation: int) -> None:
    with opened_bytes(raw(kind, orientation=orientation, jpeg=preview()), f"a.{kind.lower()}") as opened:
        turned = orientation in {6, 8}
        assert opened.image.size == ((800, 1200) if turned else (1200, 800))
        assert abs(max(opened.width, opened.height) - SENSOR[0]) <= 2  # some cameras' first column is no picture
        assert (opened.height > opened.width) is turned
        assert is_near(pixel_at(opened.image, PLACES[orientation]), BLUE)


@pytest.mark.parametrize("said", [1, 6])
def test_a_preview_that_says_itself_which_way_up_it_is_is_turned_once(said: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = said
    image = decode_image(raw("NEF", orientation=6, jpeg=preview(exif=exif)), "a.nef")
    assert image.size == (800, 1200)
    assert is_near(pixel_at(image, PLACES[6]), BLUE)


def test_a_preview_that_is_upright_already_is_not_turned() -> None:
    image = decode_image(raw("NEF", orientation=6, jpeg=preview((800, 1200))), "a.nef")
    assert image.size == (800, 1200)
    assert is_near(pixel_at(image, PLACES[1]), BLUE)


@pytest.mark.parametrize("jpeg", [None, preview((300, 200))], ids=["none", "a small one"])
@pytest.mark.parametrize(("orientation", "size"), [(1, (480, 320)), (6, (320, 480))])
def test_without_a_large_preview_the_sensors_picture_is_shown(
    jpeg: bytes | None, orientation: int, size: tuple[int, int]
) -> None:
    with opened_bytes(raw("DNG", orientation=orientation, jpeg=jpeg), "a.dng") as opened:
        assert_upright_red(opened, size)


def assert_upright_red(opened: OpenedImage, size: tuple[int, int]) -> None:
    assert opened.image.size == size
    assert (opened.width, opened.height) == (size[0] * 2, size[1] * 2)
    red, green, blue = pixel_at(opened.image, (0.5, 0.5))
    assert red > 200
    assert max(green, blue) < 100


@pytest.mark.parametrize("name", ["IMG_0001.JPG", "scan.tif", "a"])
@pytest.mark.parametrize("kind", ["DNG", "NEF"])
def test_it_is_known_by_its_content_under_another_name(kind: str, name: str) -> None:
    assert decode_image(raw(kind, jpeg=preview()), name).size == (1200, 800)


def test_a_cut_one_is_named() -> None:
    content = raw("DNG")
    for kept in (300, len(content) // 2):
        with pytest.raises(ImageUnreadable, match="damaged, cut short, or a RAW of a kind that LibRaw"):
            decode_image(content[:kept], "a.dng")


def test_what_is_no_raw_is_named_and_not_shown_as_pillow_would() -> None:
    with pytest.raises(ImageUnreadable, match="a RAW of a kind that LibRaw"):
        decode_image(b"II*\0" + bytes(500), "a.nef")


@pytest.mark.parametrize(
    "limits", [PictureLimits(max_edge=900), PictureLimits(max_pixels=600_000), PictureLimits(max_memory_bytes=20_000_000)]
)
def test_limits_hold_before_decoding(limits: PictureLimits) -> None:
    with pytest.raises(ImageTooLarge):
        decode_image(raw("DNG"), "a.dng", limits=limits)
