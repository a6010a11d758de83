"""Processes that decode: what breaks one, hangs in it or takes too much costs one picture, and the next is decoded."""

import sys
import threading
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import pytest

from runtime.errors import ImageUnreadable
from runtime.images import PictureLimits, reasons
from runtime.images.file_types import Reader
from runtime.images.foreign.worker import answer_to
from runtime.images.foreign.worker_pool import Workers

BREAKING = "tests.runtime.images.foreign.breaking_worker"
LIMITS = PictureLimits()


@pytest.fixture(scope="module")
def workers() -> Iterator[Workers]:
    workers = Workers(BREAKING)
    yield workers
    workers.close()


def unwrap(workers: Workers, content: bytes, name: str = "it") -> tuple[bytes, tuple[int, int]]:
    return workers.unwrap(Reader.HEIF, content, name, LIMITS)


@pytest.mark.parametrize(
    ("content", "reason"), [(b"crash", "it breaks its decoder, or takes too much memory"), (b"hog", reasons.OUT_OF_MEMORY)]
)
def test_a_crash_and_a_lack_of_memory_cost_one_picture_each(workers: Workers, content: bytes, reason: str) -> None:
    with pytest.raises(ImageUnreadable) as refused:
        unwrap(workers, content)
    assert refused.value.reason == reason
    assert unwrap(workers, b"another") == (b"another", (3, 2))


def test_a_picture_that_hangs_is_given_up_and_the_next_is_decoded() -> None:
    workers = Workers(BREAKING, picture_max_s=2)
    with pytest.raises(ImageUnreadable, match="decoding it takes longer than 2 s"):
        unwrap(workers, b"hang")
    workers._picture_max_s = 30
    workers.close()
    assert unwrap(workers, b"another") == (b"another", (3, 2))
    workers.close()


def test_no_file_can_be_written_there(workers: Workers, tmp_path: Path) -> None:
    with pytest.raises(ImageUnreadable):
        unwrap(workers, b"write", str(tmp_path / "file"))
    assert not (tmp_path / "file").exists() or not (tmp_path / "file").read_bytes()


def test_one_process_serves_one_picture_after_the_other_and_several_at_once_get_one_each(workers: Workers) -> None:
    unwrap(workers, b"another")
    [first] = workers._idle
    assert unwrap(workers, b"third")[0] == b"third"
    assert workers._idle == [first]
    answers: list[bytes] = []
    threads = [threading.Thread(target=lambda: answers.append(unwrap(workers, bytes(3_000_000))[0])) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [bytes(3_000_000)] * 3


@pytest.mark.parametrize(("reader", "package"), [(Reader.HEIF, "pillow_heif"), (Reader.RAW, "rawpy")])
def test_a_package_that_is_installed_but_cannot_be_loaded_is_named(
    monkeypatch: pytest.MonkeyPatch, reader: Reader, package: str
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    header = {"reader": reader.value, "name": "a.heic", "limits": asdict(LIMITS)}
    with pytest.raises(ImageUnreadable, match=rf"whose package cannot be loaded here \(.*{package}.*\); pip install"):
        answer_to(header, b"a picture")


def test_where_no_process_can_be_started_the_picture_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.executable", "/no/such/python")
    with pytest.raises(ImageUnreadable, match="no process can be started to decode it"):
        unwrap(Workers(BREAKING), b"another")
