"""The memory of decoding: estimated before, shared in turn, and a limit of its own for uploads."""

import io
import threading
import tracemalloc
from typing import Any

import pytest
from PIL import Image

from benchmarks.photos.picture_memory import gif_of_one_pixel, png, tiff
from runtime.errors import ImageTooLarge, ImageUnreadable
from runtime.images import PictureLimits, decode_image, memory, upload_limits
from runtime.images.limits import MB
from runtime.images.memory import DecodeMemory, estimate_bytes, reduction
from runtime.images.metadata import without_metadata
from tests.runtime.images.odd_pictures import encoded, png_in_pieces, png_that_claims, tiff_in_strips

UPLOADS = upload_limits(50 * MB, None)


@pytest.fixture(autouse=True)
def without_the_limit_of_pillow() -> None:
    decode_image(tiff_in_strips(8), "first.tif")  # it sets Pillow up, once in a process


def estimate_mb(content: bytes) -> float:
    file = without_metadata(content)
    with Image.open(io.BytesIO(file.content)) as image:
        return estimate_bytes(image, file, reduction(*image.size, 2048)) / MB


def test_what_does_not_fit_waits_in_turn() -> None:
    shared, order = DecodeMemory(100), list[int]()
    started = [threading.Event() for _ in range(3)]

    def take(turn: int, wanted: int) -> None:
        started[turn].set()
        with shared.taken(wanted):
            order.append(turn)

    threads = [threading.Thread(target=take, args=(turn, wanted)) for turn, wanted in enumerate((80, 10, 1000))]
    with shared.taken(30):
        for turn, thread in enumerate(threads):
            thread.start()
            started[turn].wait()
            while len(shared._waiting) <= turn:  # it has asked
                pass
        assert order == []  # the small one, which would fit, does not go before the large one
    for thread in threads:
        thread.join()
    assert order == [0, 1, 2]
    assert shared.most_bytes == 100  # what is more than all waits until it is alone


def test_what_was_taken_is_free_again_after_an_error() -> None:
    shared = DecodeMemory(100)
    with pytest.raises(ValueError, match="broken"), shared.taken(100):
        raise ValueError("broken")
    with shared.taken(100):
        assert shared.most_bytes == 100


def test_pictures_that_are_small_on_disk_are_estimated_by_their_header() -> None:
    assert 140 < estimate_mb(gif_of_one_pixel(12_000, 12_000)) < 250
    assert 500 < estimate_mb(png_that_claims(12_247, 12_247)) < 700


def test_a_jpeg_in_several_scans_is_known_to_need_its_coefficients() -> None:
    image = Image.new("RGB", (4000, 3000))
    plain, progressive = (encoded(image, "JPEG", progressive=value, subsampling=0) for value in (False, True))
    assert estimate_mb(progressive) - estimate_mb(plain) == pytest.approx(48 + 72 - 2 * 48, abs=1)


def test_one_strip_of_a_tiff_is_estimated_whole_and_many_are_not() -> None:
    one = tiff(3000, 2000, bits=16, samples=4, photometric=2)
    many = encoded(Image.new("RGBA", (3000, 2000)), "TIFF", compression="tiff_lzw")
    assert estimate_mb(one) - estimate_mb(many) > 20


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (png(8000, 7000, bits=1, colour=0), "56,000,000 pixels; 50,000,000 are allowed"),
        (encoded(Image.new("RGB", (6000, 4000)), "WEBP", method=0), "24,000,000 pixels in a WEBP of its kind; 1"),
        (tiff(6000, 5000, bits=16, samples=4, photometric=2), "30,000,000 pixels in a TIFF of its kind; 2"),
    ],
)
def test_an_upload_that_needs_too_much_is_refused_before_it_is_decoded(
    content: bytes, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory.decode_memory, "most_bytes", 0)
    with pytest.raises(ImageTooLarge, match=said):
        decode_image(content, "vast", limits=UPLOADS)
    assert memory.decode_memory.most_bytes == 0


@pytest.mark.parametrize("options", [{}, {"lossless": True}, {"exif": b"II*\0"}])
def test_a_webp_is_refused_by_its_size_before_it_is_opened(options: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    content = encoded(Image.new("RGB", (301, 202)), "WEBP", **options)
    assert without_metadata(content).size == (301, 202)
    monkeypatch.setattr("PIL.Image.open", None)
    with pytest.raises(ImageTooLarge, match="60,802 pixels; 60,000 are allowed"):
        decode_image(content, "vast.webp", limits=PictureLimits(max_pixels=60_000))


def test_a_tiff_of_more_strips_than_rows_is_refused_before_it_is_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    assert decode_image(tiff_in_strips(8), "whole.tif").size == (8, 8)
    assert estimate_mb(tiff_in_strips(100_000)) - estimate_mb(tiff_in_strips(8)) > 20
    monkeypatch.setattr("PIL.Image.open", None)
    with pytest.raises(ImageUnreadable, match="its header is damaged"):
        decode_image(tiff_in_strips(300_000), "strips.tif")


def test_a_picture_in_many_pieces_takes_no_memory_for_each() -> None:
    content = png_in_pieces(50_000)  # 600 KB
    tracemalloc.start()
    try:
        file = without_metadata(content)
        assert tracemalloc.get_traced_memory()[1] < 4 * len(content)
    finally:
        tracemalloc.stop()
    assert file.content == content


def test_small_pictures_are_never_reduced_and_large_ones_keep_what_models_see() -> None:
    assert reduction(4000, 4000, 2048) == 1
    assert reduction(8000, 6000, 2048) == 2
    assert reduction(12_247, 12_247, 2048) == 4
    assert reduction(65_000, 1000, 2048) == 1  # its shorter edge has no more than is seen
    assert reduction(8000, 6000, 8000) == 1  # as many as asked for


def test_memory_is_given_back_where_the_system_can() -> None:
    memory.trim_heap()
