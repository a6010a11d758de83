"""A first build of many pictures by the sample models, killed at random moments, and what it costs to run it again.

After each kill, every picture that the index shows has the id that an undisturbed build gives it, and none that was shown is
missing. At the end every picture is there with its caption, and nothing was embedded, captioned or read twice but what was
under way. The pictures are drawn beforehand:

    lookwhy storybook draw /tmp/scenes --count 20000 --size 160
    python -m tests.fuzz.kills_at_scale /tmp/scenes /tmp/scenes-index --count 20 --seed 7

With `--captions later`, no captions are made, which take most of the time; with `--text now`, text in the pictures is read,
too.
"""

import argparse
import os
import random
import resource
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from rich.console import Console

from export.index.build import BuildOptions, Captioner, build_index
from export.index.chosen_models import open_models
from export.index.pipeline import ImageEncoder
from export.index.text.models import find_text_reader
from export.index.text.reading import Reader
from runtime.artefacts.manifest import MANIFEST_NAME
from runtime.artefacts.package_data import sample_models_dir
from runtime.library.picture_text import PictureWord
from tests.conftest import ROOT
from tests.export.index.small_library import catalog_of, manifest_of
from tests.fuzz.children import ended, in_child
from tests.fuzz.kills_of_the_build import UNDER_WAY
from tests.fuzz.tallying_models import note

if TYPE_CHECKING:
    from PIL.Image import Image

KILLED_WITHIN_S = 45.0  # of a build's start, unless another time is given
KILLED_AFTER_S = 5.0


@dataclass
class TalliedEncoder:
    """The sample's CLIP, which writes down every picture that it embeds."""

    real: ImageEncoder
    tally: Path

    def __getattr__(self, name: str) -> object:
        return getattr(self.real, name)

    def embed_pixels(self, pixels: NDArray[np.float32]) -> NDArray[np.float32]:
        note(self.tally, pixels)
        return self.real.embed_pixels(pixels)


@dataclass
class TalliedCaptioner:
    """The sample's BLIP, which writes down every picture that it captions."""

    real: Captioner
    tally: Path

    def __getattr__(self, name: str) -> object:
        return getattr(self.real, name)

    def caption_pixels(self, pixels: NDArray[np.float32]) -> list[str]:
        note(self.tally, pixels)
        return self.real.caption_pixels(pixels)


@dataclass
class TalliedReader:
    """The default reader of text, which writes down every picture that it reads."""

    real: Reader
    tally: Path

    def prepare(self, image: "Image") -> NDArray[np.uint8]:
        return self.real.prepare(image)

    def read(self, pixels: NDArray[np.uint8]) -> tuple[PictureWord, ...]:
        note(self.tally, pixels[None])
        return self.real.read(pixels)


def build(folder: Path, out: Path, *, captions_later: bool, with_text: bool) -> None:
    real = open_models(sample_models_dir())
    embedded, captioned, read = tallies(out)

    def open_captioner() -> Captioner:
        assert real.open_captioner
        return TalliedCaptioner(real.open_captioner(), captioned)  # type: ignore[return-value]  # the rest by __getattr__

    def open_reader() -> Reader:
        return TalliedReader(find_text_reader(out)(), read)

    encoder = TalliedEncoder(real.encoder, embedded)
    models = replace(real, encoder=encoder, open_captioner=open_captioner)  # type: ignore[arg-type]  # the rest by __getattr__
    options = BuildOptions(captions_later=captions_later, open_text_reader=open_reader if with_text else None)
    with out.with_name(f"{out.name}.log").open("a") as file:
        build_index(folder, out, models=models, console=Console(file=file, width=120), options=options)


def tallies(out: Path) -> tuple[Path, Path, Path]:
    """Return the files that name every picture that was embedded, captioned, read."""
    embedded, captioned, read = (out.with_name(f"{out.name}-{work}") for work in ("embedded", "captioned", "read"))
    return embedded, captioned, read


def repeated(tally: Path) -> int:
    lines = tally.read_bytes().splitlines() if tally.exists() else []
    return len(lines) - len(set(lines))


def look(folder: Path, out: Path, shown_before: int) -> tuple[int, int]:
    """Return how many pictures the index shows, and how many captions; ids are those of an undisturbed build."""
    if not (out / MANIFEST_NAME).exists():
        return 0, 0
    rows = catalog_of(out).rows
    names = sorted(path.name for path in folder.glob("*.jpg"))
    assert [(row.id, row.image_path) for row in rows] == list(enumerate(names[: len(rows)], start=1))
    assert len(rows) >= shown_before
    assert len(rows) + manifest_of(out).awaited == len(names)
    return len(rows), sum(row.caption is not None for row in rows)


def run(folder: Path, out: Path, kills: int, within_s: float, *, seed: int, captions_later: bool, with_text: bool) -> None:
    chance, shown = random.Random(seed), 0
    work = partial(build, folder, out, captions_later=captions_later, with_text=with_text)
    began_s = time.monotonic()
    killed = 0
    while killed < kills:
        child = in_child(work)
        alive_s = chance.uniform(KILLED_AFTER_S, within_s)
        time.sleep(alive_s)
        os.kill(child, signal.SIGKILL)
        if ended(child) != -signal.SIGKILL:
            break  # the build ended before
        killed += 1
        shown, captioned = look(folder, out, shown)
        print(f"kill {killed} after {alive_s:.0f} s: {shown:,} can be searched, {captioned:,} with a caption", flush=True)
    assert ended(in_child(work)) == 0
    spent_s = time.monotonic() - began_s
    shown, captioned = look(folder, out, shown)
    embedded_again, captioned_again, read_again = map(repeated, tallies(out))
    print(f"{shown:,} pictures, {captioned:,} captions, {killed} kills, seed {seed}, {spent_s:.0f} s")
    print(f"embedded again: {embedded_again}, captioned again: {captioned_again}, read again: {read_again}")
    print(f"{UNDER_WAY} of each a kill may be under way")
    assert shown == len(list(folder.glob("*.jpg")))
    assert captioned == (0 if captions_later else shown)
    assert max(embedded_again, captioned_again, read_again) <= kills * UNDER_WAY
    run_again(folder, out, captions_later=captions_later, with_text=with_text)


def run_again(folder: Path, out: Path, *, captions_later: bool, with_text: bool) -> None:
    before = manifest_of(out)
    began_s, used = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [sys.executable, "-m", "export", "index", str(folder), "--out", str(out), "--models", "sample"]
    command += ["--captions", "later"] if captions_later else []
    command += ["--text", "now" if with_text else "later"]
    subprocess.run(command, check=True, cwd=ROOT, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu_s = after.ru_utime + after.ru_stime - used.ru_utime - used.ru_stime
    print(f"a run with nothing changed: {time.monotonic() - began_s:.1f} s, {cpu_s:.1f} of CPU")
    assert manifest_of(out) == before


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="the drawn pictures")
    parser.add_argument("out", type=Path, help="where the index is to be; not there yet")
    parser.add_argument("--count", type=int, default=20, help="how many kills")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--captions", choices=["now", "later"], default="now")
    parser.add_argument("--text", choices=["now", "later"], default="later")
    parser.add_argument("--within", type=float, default=KILLED_WITHIN_S, help="seconds after which each is killed at most")
    given = parser.parse_args()
    later, with_text = given.captions == "later", given.text == "now"
    run(given.folder, given.out, given.count, given.within, seed=given.seed, captions_later=later, with_text=with_text)


if __name__ == "__main__":
    main()
