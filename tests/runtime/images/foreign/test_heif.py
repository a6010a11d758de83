"""HEIC as phones write it: right way up, of 8 and 10 bits, bursts, with a profile; and cut, of zeros, or too large."""

import io
from collections.abc import Iterator
from contextlib import suppress

import numpy as np
import pytest
from PIL import Image, ImageCms

from runtime.errors import ImageError, ImageTooLarge, ImageUnreadable
from runtime.images import PictureLimits, decode_image, memory, opened_bytes
from runtime.images.foreign import heif, worker_pool
from runtime.images.foreign.heif import unwrap_heif

pillow_heif = pytest.importorskip("pillow_heif", reason="the extra `photos` is not installed")

LEFT, RIGHT = (220, 30, 30), (30, 30, 220)
SIZE = (320, 192)


@pytest.fixture(scope="module", autouse=True)
def _decoded_here() -> Iterator[None]:
    """Processes of their own have tests of their own; but for the last test, which needs one."""
    yield
    worker_pool._workers.close()


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker_pool, "_decodes_here", True)


def halves(size: tuple[int, int] = SIZE) -> Image.Image:
    image = Image.new("RGB", size, RIGHT)
    image.paste(LEFT, (0, 0, size[0] // 2, size[1]))
    return image


def heic(*images: Image.Image, **options: object) -> bytes:
    file = pillow_heif.HeifFile()
    for image in images:
        file.add_from_pillow(image)
    content = io.BytesIO()
    file.save(content, quality=90, **options)
    return content.getvalue()


def near(pixel: object, colour: tuple[int, int, int]) -> bool:
    return bool(np.abs(np.subtract(pixel, colour)).max() <= 12)  # type: ignore[call-overload]  # of three numbers


def exif_of(orientation: int) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = orientation
    return exif.tobytes()


def shown(content: bytes, name: str = "a.heic") -> Image.Image:
    return decode_image(content, name)


@pytest.mark.usefixtures("here")
def test_a_heic_is_read_under_any_name_with_its_size() -> None:
    for name in ("a.heic", "IMG_0002.JPG", "a"):
        with opened_bytes(heic(halves()), name) as opened:
            assert (opened.width, opened.height, opened.image.size, opened.image.mode) == (*SIZE, SIZE, "RGB")
            assert near(opened.image.getpixel((10, 10)), LEFT)
            assert near(opened.image.getpixel((300, 180)), RIGHT)


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize(("orientation", "place"), [(6, (10, 10)), (8, (10, 300)), (3, (300, 10))])
def test_the_containers_rotation_counts(orientation: int, place: tuple[int, int]) -> None:
    content = heic(halves(), exif=exif_of(orientation))  # by which pillow-heif writes irot
    assert b"irot" in content
    image = shown(content)
    assert image.size == (SIZE if orientation == 3 else SIZE[::-1])
    assert near(image.getpixel(place), LEFT)


@pytest.mark.usefixtures("here")
def test_exif_alone_turns_no_heic() -> None:
    content = heic(halves(), exif=exif_of(1))
    old, new = (exif_of(one).removeprefix(b"Exif\0\0") for one in (1, 6))
    assert old in content
    assert shown(content.replace(old, new)).size == SIZE


@pytest.mark.usefixtures("here")
def test_ten_bits_become_eight() -> None:
    numbers = np.asarray(halves()).astype(np.uint16) << 8
    file = io.BytesIO()
    pillow_heif.encode("RGB;16", SIZE, numbers.tobytes(), file, quality=90)
    assert pillow_heif.open_heif(file.getvalue(), convert_hdr_to_8bit=False).info["bit_depth"] == 10
    image = shown(file.getvalue())
    assert near(image.getpixel((10, 10)), LEFT)
    assert near(image.getpixel((300, 180)), RIGHT)


@pytest.mark.usefixtures("here")
def test_of_a_burst_the_primary_picture_is_shown() -> None:
    frames = [Image.new("RGB", SIZE, colour) for colour in ((0, 0, 0), (200, 200, 200), (90, 90, 90))]
    assert near(shown(heic(*frames, primary_index=1)).getpixel((5, 5)), (200, 200, 200))


@pytest.mark.usefixtures("here")
def test_grey_and_transparent_pictures_become_rgb() -> None:
    assert shown(heic(halves().convert("L"))).mode == "RGB"
    assert near(shown(heic(halves().convert("RGBA"))).getpixel((10, 10)), LEFT)


def test_the_colour_profile_comes_along() -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    image = halves()
    image.info["icc_profile"] = profile
    tiff, _ = unwrap_heif(heic(image), "a.heic", PictureLimits())
    assert Image.open(io.BytesIO(tiff)).info["icc_profile"] == profile


@pytest.mark.usefixtures("here")
def test_large_ones_are_reduced_and_their_own_size_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "WHOLE_PIXELS", 50_000)  # as if so many were large: to make a truly large one takes long
    monkeypatch.setattr(memory, "KEPT_SHORT_EDGE_PIXELS", 50)
    monkeypatch.setattr(heif, "KEPT_EDGE_PIXELS", 100)
    with opened_bytes(heic(halves((321, 191))), "a.heic") as opened:
        assert (opened.width, opened.height, opened.image.size) == (321, 191, (161, 96))
        assert near(opened.image.getpixel((10, 95)), LEFT)


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize("kept", [0.02, 0.5, 0.98])
def test_a_cut_one_is_named(kept: float) -> None:
    content = heic(halves())
    with pytest.raises(ImageUnreadable, match="damaged, cut short, or a HEIC of a kind that libheif"):
        shown(content[: int(len(content) * kept)])


@pytest.mark.usefixtures("here")
def test_one_whose_end_never_came_is_named_and_not_shown_as_grey() -> None:
    rng = np.random.default_rng(3)
    noise = Image.fromarray(rng.integers(0, 256, (*SIZE[::-1], 3), dtype=np.uint8))
    content = heic(noise)
    with pytest.raises(ImageUnreadable, match="the rest is zeros"):
        shown(content[:3000] + bytes(len(content) - 3000))


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize(
    "limits", [PictureLimits(max_edge=300), PictureLimits(max_pixels=60_000), PictureLimits(max_memory_bytes=16_300_000)]
)
def test_limits_hold_before_decoding(limits: PictureLimits) -> None:
    with pytest.raises(ImageTooLarge):
        decode_image(heic(halves()), "a.heic", limits=limits)


@pytest.mark.usefixtures("here")
def test_odd_bytes_raise_none_but_our_errors() -> None:
    rng, content = np.random.default_rng(9), heic(halves((64, 48)))
    for _ in range(60):
        odd = bytearray(content)
        for at in rng.integers(0, len(odd), 4):
            odd[at] = rng.integers(0, 256)
        with suppress(ImageError):
            shown(bytes(odd))


def test_it_is_decoded_by_another_process_as_it_is_here(monkeypatch: pytest.MonkeyPatch) -> None:
    content = heic(halves())
    there = shown(content)
    monkeypatch.setattr(worker_pool, "_decodes_here", True)
    assert np.array_equal(np.asarray(there), np.asarray(shown(content)))
