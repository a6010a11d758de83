"""What a build says ahead, by a clock of the test's own."""

import io
from collections.abc import Callable
from pathlib import Path

import pytest
from rich.console import Console

from export.errors import DiskTooSmall
from export.index.folder.found import FoundImage
from export.index.forecast import (
    DISK_SAID_FROM,
    HALF,
    Forecast,
    check_disk,
    in_bytes,
    in_words,
    say_captions,
    say_disk,
    say_embedding,
)

Told = list[tuple[int, float]]


class Clock:
    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def counted(total: int, steps: list[tuple[float, int]]) -> Told:
    """Count pictures after so many seconds each, and return what was told."""
    told: Told = []
    clock = Clock()
    forecast = Forecast(total, lambda left, left_s: told.append((left, left_s)), clock)
    for seconds, pictures in steps:
        clock.now_s += seconds
        forecast.count(pictures)
    return told


def test_the_rest_is_foretold_once_from_the_first_pictures() -> None:
    assert counted(1_100, [(10, HALF), (10, HALF), (1, 500), (1, 500)]) == [(1_000, 200.0)]


def test_a_program_that_was_stopped_meanwhile_foretells_the_same() -> None:
    assert counted(1_100, [(10, HALF), (8 * 3_600, HALF)]) == [(1_000, 200.0)]


def test_what_was_done_before_says_nothing_of_the_pace() -> None:
    assert counted(1_100, [(1, 0), (1, 0), (10, HALF), (10, HALF)]) == [(1_000, 200.0)]


def test_small_steps_count_together() -> None:
    [(left, left_s)] = counted(1_100, [(0.25, 1)] * 2 * HALF)
    assert (left, left_s) == (1_000, 250.0)


def test_few_pictures_foretell_nothing() -> None:
    assert counted(60, [(10, HALF), (10, 10)]) == []


@pytest.mark.parametrize(
    ("seconds", "words"), [(30, "about a minute"), (300, "about 5 minutes"), (6_000, "about 1.7 hours")]
)
def test_times_are_said_as_people_say_them(seconds: float, words: str) -> None:
    assert in_words(seconds) == words
    assert words in shown(lambda console: say_embedding(20_000, seconds, console))
    assert words in shown(lambda console: say_captions(20_000, seconds, console))


def test_what_is_over_in_a_moment_is_not_foretold() -> None:
    assert not shown(lambda console: say_embedding(200, 10, console))


def test_sizes_are_said_as_people_say_them() -> None:
    assert [in_bytes(340_000_000), in_bytes(6_600_000_000)] == ["340 MB", "6.6 GB"]


def test_a_disk_that_is_too_small_is_refused_with_what_to_do(tmp_path: Path) -> None:
    check_disk(tmp_path, 20_000, 512, 6_600_000_000, free_bytes=10_000_000_000)
    with pytest.raises(DiskTooSmall, match=r"6\.9 GB, 6\.6 GB of it for previews .*--no-previews.* 3\.0 GB are free"):
        check_disk(tmp_path, 20_000, 512, 6_600_000_000, free_bytes=3_000_000_000)


def test_the_disk_that_many_pictures_may_take_is_said_before_they_are_read(tmp_path: Path) -> None:
    images = [FoundImage(f"{number}.jpg", 3_000_000, 0) for number in range(DISK_SAID_FROM)]
    said = shown(lambda console: say_disk(tmp_path, images, 512, console, previews=True))
    assert said.startswith("Index and previews will take about 375 MB; ")
    assert shown(lambda console: say_disk(tmp_path, images, 512, console, previews=False)).startswith("Index will take")
    assert not shown(lambda console: say_disk(tmp_path, images[1:], 512, console, previews=True))


def shown(say: Callable[[Console], None]) -> str:
    console = Console(file=io.StringIO(), width=200)
    say(console)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()
