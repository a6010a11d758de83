"""PSD and JPEG 2000: the pictures as Pillow makes them, and what broken and hostile ones cost."""

import struct

import numpy as np
import pytest

from runtime.errors import ImageTooLarge, ImageUnreadable
from runtime.images import decode_image
from runtime.images.jpeg2000 import CODESTREAM, decoder_bytes
from tests.runtime.images.odd_pictures import encoded, noise, psd


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA", "CMYK"])
def test_a_psd_is_its_flattened_copy(mode: str) -> None:
    image = noise(60, 40).convert(mode)
    assert np.array_equal(np.asarray(decode_image(psd(image), "a.psd")), np.asarray(image.convert("RGB")))


@pytest.mark.parametrize("more", [{"resources": b"no resource at all"}, {"layers": b"\xff" * 99}])
def test_broken_resources_and_layers_cost_nothing(more: dict[str, bytes]) -> None:
    image = noise(60, 40)
    assert np.array_equal(np.asarray(decode_image(psd(image, **more), "a.psd")), np.asarray(image))


def test_a_cut_psd_is_refused_as_it_lacks_whole_colours() -> None:
    with pytest.raises(ImageUnreadable):
        decode_image(psd(noise(60, 40))[:-100], "a.psd")


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA"])
@pytest.mark.parametrize("options", [{}, {"no_jp2": True}, {"tile_size": (32, 32)}])
def test_a_jpeg_2000_is_read_exactly(mode: str, options: dict[str, object]) -> None:
    image = noise(60, 40).convert(mode)
    content = encoded(image, "JPEG2000", **options)
    assert np.array_equal(np.asarray(decode_image(content, "a.jp2")), np.asarray(image.convert("RGB")))


def test_a_codestream_that_claims_more_than_its_file_is_bounded_by_its_own_claim() -> None:
    content = encoded(noise(60, 40), "JPEG2000")
    at = content.index(CODESTREAM)
    hostile = content[: at + 8] + struct.pack(">8I", 60_000, 60_000, 0, 0, 60_000, 60_000, 0, 0) + content[at + 40 :]
    assert decoder_bytes(hostile) > 60_000 * 60_000
    with pytest.raises((ImageTooLarge, ImageUnreadable)):
        decode_image(hostile, "a.jp2")


def test_many_tiles_count_as_memory() -> None:
    content = encoded(noise(60, 40), "JPEG2000")
    at = content.index(CODESTREAM)
    tiled = content[: at + 24] + struct.pack(">4I", 1, 1, 0, 0) + content[at + 40 :]
    assert decoder_bytes(tiled) >= 60 * 40 * 6_000


@pytest.mark.parametrize("content", [b"", CODESTREAM, b"\0\0\0\x0cjP  \r\n\x87\n", b"\0\0\0\1jp2c" + bytes(8), bytes(400)])
def test_what_has_no_codestream_takes_nothing(content: bytes) -> None:
    assert decoder_bytes(content) == 0
