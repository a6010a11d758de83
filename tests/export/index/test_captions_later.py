"""Captions in a pass of their own: put off, interrupted, published meanwhile; the end is that of one uninterrupted build."""

import io
import os
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from rich.console import Console

from export.index.build import BuildOptions, Captioner, Models, build_index
from runtime.stores.flat import FlatStore
from tests.conftest import ROOT
from tests.export.index.small_library import (
    GridEncoder,
    MeanCaptioner,
    build,
    catalog_of,
    draw,
    draw_many,
    ids_by_path,
    manifest_of,
    said_by,
    small_models,
    told_by,
)

LATER = BuildOptions(captions_later=True)
AT_ONCE = BuildOptions(publish_every_s=0)  # whenever captions were made
COUNT = 40


class Namer(MeanCaptioner):
    """Names pictures after their brightness, in words that a calibration can be fitted to; does `at[n]` before the nth."""

    def __init__(self, at: dict[int, Callable[[], None]] | None = None) -> None:
        self.at, self.named = at or {}, 0

    def caption_pixels(self, pixels: NDArray[np.float32]) -> list[str]:
        self.at.get(self.named, lambda: None)()
        self.named += 1
        number = int(pixels.mean())
        return [f"a {['red', 'blue', 'green'][number % 3]} {['boat', 'house', 'tree', 'dog'][number % 4]}"]


def press_ctrl_c() -> None:
    raise KeyboardInterrupt


def never_opened() -> Captioner:
    pytest.fail("the captioner was opened")


def naming(at: dict[int, Callable[[], None]] | None = None, workers: int = 1) -> Models:
    return replace(small_models(), open_captioner=lambda: Namer(at), workers=workers)


def build_until_killed(folder: Path, out: Path) -> None:
    """Build, and be killed once 30 captions stand in the journal."""

    def kill() -> None:
        journaled = 0
        while journaled < 30:  # the builder writes them while this, its only worker, waits
            with closing(sqlite3.connect(out / "building.sqlite", timeout=30)) as journal:
                [(journaled,)] = journal.execute("SELECT count(*) FROM captioned").fetchall()
        os.kill(os.getpid(), signal.SIGKILL)

    build(folder, out, naming({30: kill}))


def captions_of(out: Path) -> list[str | None]:
    return [row.caption for row in catalog_of(out).rows]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return draw_many(tmp_path / "photos", [f"{number:02d}.png" for number in range(COUNT)])


@pytest.fixture
def expected(folder: Path, tmp_path: Path) -> Path:
    """An index of the same pictures that was built in one go."""
    build(folder, tmp_path / "expected", naming())
    assert manifest_of(tmp_path / "expected").calibration
    return tmp_path / "expected"


def test_put_off_captions_open_no_captioner_and_give_an_index_without_witnesses(folder: Path, out: Path) -> None:
    summary = build(folder, out, replace(naming(), open_captioner=never_opened), LATER)
    assert (summary.count, summary.encoded, summary.uncaptioned) == (COUNT, COUNT, COUNT)
    assert set(captions_of(out)) == {None}
    assert (manifest_of(out).captions, manifest_of(out).calibration) == (None, None)


def test_later_then_now_ends_as_one_build_does_and_embeds_no_picture_again(folder: Path, out: Path, expected: Path) -> None:
    build(folder, out, naming(), LATER)
    encoder = GridEncoder()
    summary = build(folder, out, replace(naming(), encoder=encoder))
    assert told_by(out) == told_by(expected)
    assert (encoder.seen, summary.encoded, summary.uncaptioned, summary.unchanged) == (0, 0, 0, COUNT)


def test_any_number_of_workers_builds_the_same(folder: Path, out: Path, expected: Path) -> None:
    build(folder, out, naming(workers=5))
    assert told_by(out) == told_by(expected)


def test_captions_are_published_while_the_rest_is_made(folder: Path, out: Path, expected: Path) -> None:
    seen: list[int] = []
    look = {number: lambda: seen.append(sum(caption is not None for caption in captions_of(out))) for number in range(COUNT)}
    build(folder, out, naming(), LATER)
    build(folder, out, naming(look), AT_ONCE)
    assert seen == sorted(seen)
    assert any(0 < captioned < COUNT for captioned in seen)
    assert told_by(out) == told_by(expected)
    assert sorted(path.name for path in out.glob("g*"))[0] == "g000001"  # to go back to
    assert len(list(out.glob("g*"))) == 3  # and the one before, which a reader may be opening


def test_a_first_build_can_be_searched_before_its_first_caption(folder: Path, out: Path) -> None:
    seen: list[int] = []
    build(folder, out, naming({0: lambda: seen.append(len(captions_of(out)))}), AT_ONCE)
    assert seen == [COUNT]


@pytest.mark.parametrize("first", [LATER, BuildOptions()], ids=["after later", "in a first build"])
def test_ctrl_c_puts_the_captions_made_so_far_into_the_index_and_the_next_run_ends_it(
    folder: Path, out: Path, expected: Path, first: BuildOptions
) -> None:
    if first is LATER:
        build(folder, out, naming(), LATER)
    with pytest.raises(KeyboardInterrupt) as stopped:
        build(folder, out, naming({16: press_ctrl_c}))
    assert stopped.value.__notes__ == ["What is done is kept: the same command goes on from here."]
    captions = captions_of(out)
    assert [caption is not None for caption in captions] == [number < 16 for number in range(COUNT)]
    assert manifest_of(out).captions
    rest = Namer()
    build(folder, out, replace(small_models(), open_captioner=lambda: rest))
    assert rest.named == COUNT - 16
    assert told_by(out) == told_by(expected)


def test_a_killed_caption_pass_loses_no_caption_that_the_journal_has(folder: Path, out: Path, expected: Path) -> None:
    build(folder, out, naming(), LATER)
    script = (
        "import sys; from pathlib import Path; from tests.export.index.test_captions_later import build_until_killed; "
        "build_until_killed(Path(sys.argv[1]), Path(sys.argv[2]))"
    )
    killed = subprocess.run([sys.executable, "-c", script, str(folder), str(out)], cwd=ROOT, check=False)
    assert killed.returncode == -signal.SIGKILL
    assert set(captions_of(out)) == {None}
    rest = Namer()
    build(folder, out, replace(small_models(), open_captioner=lambda: rest))
    assert rest.named == COUNT - 30
    assert told_by(out) == told_by(expected)


def test_pictures_added_changed_and_removed_between_the_passes_end_as_without_a_pause(folder: Path, out: Path) -> None:
    in_one_go = out.with_name("in-one-go")
    build(folder, out, naming(), LATER)
    build(folder, in_one_go, naming())
    draw(folder / "new.png", 100)
    draw(folder / "05.png", 101)
    (folder / "06.png").unlink()
    (folder / "07.png").rename(folder / "moved.png")
    summary = build(folder, out, naming())
    build(folder, in_one_go, naming())
    assert (summary.added, summary.changed, summary.renamed, summary.removed, summary.encoded) == (1, 1, 1, 1, 2)
    assert told_by(out) == told_by(in_one_go)


def test_later_keeps_the_captions_that_there_are(folder: Path, out: Path, expected: Path) -> None:
    build(folder, out, naming())
    draw(folder / "new.png", 100)
    summary = build(folder, out, replace(naming(), open_captioner=never_opened), LATER)
    assert (summary.added, summary.uncaptioned) == (1, 1)
    captions = {row.image_path: row.caption for row in catalog_of(out).rows}
    assert captions.pop("new.png") is None
    assert list(captions.values()) == captions_of(expected)
    manifest = manifest_of(out)
    assert manifest.captions
    assert FlatStore.open(out / manifest.captions.path, manifest.dimension).count == COUNT


def test_where_every_picture_has_its_caption_no_captioner_is_opened(folder: Path, out: Path) -> None:
    build(folder, out, naming())
    assert not build(folder, out, replace(naming(), open_captioner=never_opened)).written


def test_a_file_that_goes_away_during_the_caption_pass_keeps_its_row_until_the_next_run(folder: Path, out: Path) -> None:
    build(folder, out, naming(), LATER)
    summary = build(folder, out, naming({0: (folder / "39.png").unlink}))
    assert (summary.count, summary.uncaptioned, catalog_of(out).rows[-1].caption) == (COUNT, 1, None)
    assert build(folder, out, naming()).removed == 1
    assert "39.png" not in ids_by_path(out)


def test_the_summary_says_how_many_captions_are_missing_and_what_makes_them(folder: Path, out: Path) -> None:
    told = said_by(folder, out, naming(), LATER)
    assert f"{COUNT} of them have no caption yet" in told
    assert "without `--captions later`" in told
    assert "no caption" not in said_by(folder, out, naming())
    assert "no caption" not in said_by(folder, out, replace(naming(), open_captioner=None), LATER)


def test_workers_see_different_pictures_at_once(folder: Path, out: Path) -> None:
    met = threading.Barrier(3, timeout=120)

    class Meeting(GridEncoder):
        def embed_pixels(self, pixels: NDArray[np.float32]) -> NDArray[np.float32]:
            met.wait()
            return super().embed_pixels(pixels)

    for number in (40, 41):  # to a multiple of three
        draw(folder / f"{number}.png", number)
    assert build(folder, out, replace(naming(workers=3), encoder=Meeting()), LATER).encoded == 42


def test_progress_is_shown_for_both_passes_and_for_publishing_in_the_second(folder: Path, out: Path) -> None:
    terminal = Console(file=io.StringIO(), force_terminal=True, width=120)
    build_index(folder, out, models=naming(), console=terminal, options=AT_ONCE)
    assert isinstance(terminal.file, io.StringIO)
    for told in ("Embedding", "Captioning", "Calibrating", "/s"):
        assert told in terminal.file.getvalue()
