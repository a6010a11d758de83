"""Uploads in a process of their own: the same pixels, the same refusals, and no end of the server where it ends."""

import io
import os
import signal
import sys
import threading
from collections.abc import Iterator

import numpy as np
import pytest

from runtime.artefacts.model_records import Preprocessing
from runtime.errors import ImageTooLarge, ImageUnreadable
from runtime.images import LocalReader, upload_limits
from runtime.images.upload_process import DecodeProcess
from tests.runtime.images.odd_pictures import ODD_PICTURES, encoded, noise, png_that_claims

FORM = Preprocessing(size=32, fit="crop", resample="bicubic", mean=(0.4, 0.5, 0.6), std=(0.2, 0.3, 0.4))
LIMITS = upload_limits(50_000_000, 320)
PICTURE = ODD_PICTURES["webp"]()


@pytest.fixture(scope="module")
def process() -> Iterator[DecodeProcess]:
    process = DecodeProcess(LIMITS)
    yield process
    process.close()


@pytest.mark.parametrize("kind", ODD_PICTURES)
def test_pixels_are_those_that_are_decoded_here(kind: str, process: DecodeProcess) -> None:
    content = ODD_PICTURES[kind]()
    assert np.array_equal(process.read(content, kind, FORM), LocalReader(LIMITS).read(content, kind, FORM))


def test_an_uploaded_heic_is_read_with_the_extra_in_that_same_process(process: DecodeProcess) -> None:
    pillow_heif = pytest.importorskip("pillow_heif", reason="the extra `photos` is not installed")
    content = io.BytesIO()
    pillow_heif.from_pillow(noise(60, 40)).save(content, quality=90)
    pixels = process.read(content.getvalue(), "IMG_0001.HEIC", FORM)
    assert pixels.shape == (3, 32, 32)
    assert pixels.std() > 0.1


def test_a_large_picture_is_scaled_there_as_here(process: DecodeProcess) -> None:
    content = encoded(noise(3072, 1536), "JPEG")
    scaled, exact = (process.read(content, "large", FORM, rule) for rule in ("scaled", "exact"))
    assert np.array_equal(scaled, LocalReader(LIMITS).read(content, "large", FORM, "scaled"))
    assert not np.array_equal(scaled, exact)


def test_nothing_starts_before_the_first_upload() -> None:
    assert DecodeProcess(LIMITS).pid is None


@pytest.mark.parametrize(
    "content", [b"", b"no picture", PICTURE[:100], png_that_claims(9000, 9000), png_that_claims(1, 70_000)]
)
def test_refusals_are_those_that_are_made_here(content: bytes, process: DecodeProcess) -> None:
    with pytest.raises((ImageUnreadable, ImageTooLarge)) as there:
        process.read(content, "it.jpg", FORM)
    with pytest.raises(type(there.value)) as here:
        LocalReader(LIMITS).read(content, "it.jpg", FORM)
    assert str(there.value) == str(here.value)


def test_a_process_that_is_ended_costs_one_picture_and_the_next_starts_another(process: DecodeProcess) -> None:
    process.read(PICTURE, "it", FORM)
    first = process.pid
    assert first is not None
    os.kill(first, signal.SIGSTOP)
    threading.Timer(0.05, os.kill, (first, signal.SIGKILL)).start()  # while it is asked
    with pytest.raises(ImageUnreadable, match="took more memory or time than is allowed"):
        process.read(PICTURE, "it", FORM)
    process.read(PICTURE, "it", FORM)
    assert process.pid not in {None, first}


def test_a_picture_that_takes_too_long_is_given_up() -> None:
    process = DecodeProcess(LIMITS, picture_max_s=0.0)
    with pytest.raises(ImageUnreadable, match="took more memory or time than is allowed"):
        process.read(PICTURE, "it", FORM)
    process.close()


def test_a_process_ends_with_its_input() -> None:
    process = DecodeProcess(LIMITS)
    process.read(PICTURE, "it", FORM)
    running = process._worker._process
    assert running is not None
    assert running.stdin is not None
    running.stdin.close()  # as the system does where a server is killed
    assert running.wait() == 0
    assert len(process.read(PICTURE, "it", FORM)) == 3  # as after it was idle: another is started, and nothing is refused
    process.close()
    assert process.pid is None


def test_where_no_process_can_be_started_an_upload_is_decoded_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/no/such/python")
    process = DecodeProcess(LIMITS)
    assert np.array_equal(process.read(PICTURE, "it", FORM), LocalReader(LIMITS).read(PICTURE, "it", FORM))
    assert process.pid is None
