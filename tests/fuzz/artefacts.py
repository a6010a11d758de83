"""Damaged artefacts: python -m tests.fuzz.artefacts [--places 500] [--seed 1]

Flips bytes, zeroes pages and cuts the ends of the files of an index and its models, one at a time, starts the engine over
them in a process of its own, searches, and sorts what comes: refused with one of our errors; the same answers; other
answers, but the check of all files names the file; a process that ended by a signal with a line that says so; anything
else, of which there must be none. Exits with 1 where there is some.
"""

import argparse
import json
import logging
import multiprocessing
import random
import shutil
import sys
import tempfile
import traceback
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from PIL import Image

from runtime.library.previews.preview_files import PREVIEWS_NAME
from tests.conftest import ROOT

QUERIES = ("a red boat at sunset", "two white houses -snow", "a green butterfly", "scenery")
PAGE = 4096
IMPORTED_BEFORE = ["tests.conftest", "runtime.bootstrap", "runtime.web.schemas", "faiss", "onnxruntime", "tokenizers"]
WAITED_MAX_S = 60.0
SAME, TOLD, REFUSED, UNSEEN = "same answers", "other answers, and told", "refused", "other answers, not told"
IN_MANIFEST = "other answers, a manifest differs"


@dataclass(frozen=True)
class Damage:
    """What is done to one file."""

    path: Path  # below the folder of both artefacts
    kind: str  # "flip", "zero" or "cut"
    at: int
    bit: int = 0

    def do(self, folder: Path) -> None:
        """Damage the copy of the file in a folder."""
        file = folder / self.path
        content = bytearray(file.read_bytes())
        if self.kind == "flip":
            content[self.at] ^= 1 << self.bit
        elif self.kind == "zero":
            start = self.at - self.at % PAGE
            end = min(len(content), start + PAGE)
            content[start:end] = bytes(end - start)
        else:
            del content[self.at :]
        file.write_bytes(content)


def plan(folder: Path, places: int, seed: int) -> Iterator[Damage]:
    """Yield so many damages, spread evenly over all files; four of five flip a bit."""
    rng = random.Random(seed)
    files = sorted(path for path in folder.rglob("*") if path.is_file() and PREVIEWS_NAME not in path.parts)
    for number in range(places):
        file = files[number % len(files)]
        kind = ("flip", "flip", "flip", "flip", "zero" if number % 2 else "cut")[number // len(files) % 5]
        yield Damage(file.relative_to(folder), kind, rng.randrange(file.stat().st_size), rng.randrange(8))


def copied(index: Path, models: Path, folder: Path) -> None:
    """Copy both artefacts, without what is only for people to read."""
    shutil.copytree(index, folder / "index", ignore=shutil.ignore_patterns("live_captions*"))
    shutil.copytree(models, folder / "models", ignore=shutil.ignore_patterns("report*", "plan.json"))


def answers_of(folder: Path, images: Path, told: Connection) -> None:
    """Run in a child: open the engine, search in every way, and send what came."""
    logging.disable(logging.CRITICAL)
    from runtime.bootstrap import EngineSource
    from runtime.errors import LookwhyError
    from runtime.images import preprocess
    from runtime.settings import Settings
    from runtime.web.schemas import ExplainBody, SearchBody

    try:
        settings = Settings.read(models_dir=folder / "models", index_dir=folder / "index", images_dir=images)
        source = EngineSource(settings)
        engine = source.open()
        found: list[Any] = []
        for query in QUERIES:
            body = SearchBody.model_validate(engine.search(engine.limits.check_search(query, 5)))
            found.append(body.model_dump(exclude={"timings_ms"}))
        picture = Image.new("RGB", (64, 64), (200, 30, 30))
        answer = engine.search_by_image(engine.limits.check_image_search("", 3), preprocess(picture, engine.preprocessing))
        found.append(SearchBody.model_validate(answer).model_dump(exclude={"timings_ms"}))
        ids = [hit["id"] for hit in found[0]["results"][:1]]
        depth = engine.explain(engine.limits.check_explain(QUERIES[0], ids, heatmap=True))
        found.append(ExplainBody.model_validate(depth).model_dump(exclude={"timings_ms"}))
        assert engine._captions._open_captioner
        found.append(engine._captions._open_captioner().caption_images([picture]))
        damaged = source.find_damage(lambda _seconds: False) or []
        told.send(("answered", json.dumps(found), [str(path.relative_to(folder.resolve())) for path in damaged]))
    except LookwhyError as error:
        told.send(("refused", type(error).__name__, str(error)))
    except BaseException:  # what must not be
        told.send(("failed", traceback.format_exc(), ""))


def outcome(folder: Path, images: Path) -> tuple[str, str, Any]:
    """Return what the child sent, or how it ended without a word."""
    context = multiprocessing.get_context(
        "forkserver"
    )  # each child is forked from a process that has imported all, and no more
    here, there = context.Pipe(duplex=False)
    child = context.Process(target=answers_of, args=(folder, images, there))
    child.start()
    there.close()
    try:
        found: tuple[str, str, Any] = (
            here.recv() if here.poll(WAITED_MAX_S) else ("failed", f"no answer in {WAITED_MAX_S} s", "")
        )
    except EOFError:
        child.join()
        found = ("failed", f"ended with {child.exitcode}, without a word", "")
    child.kill()
    child.join()
    return found


def sort(damage: Damage, found: tuple[str, str, Any], sound: str) -> str:
    """Return the name of what came of a damage."""
    kind, said, damaged = found
    if kind == "failed":
        return f"failed: {said.strip().splitlines()[-1]}"
    if kind == "refused":
        return REFUSED
    if str(damage.path) in damaged:
        return SAME if said == sound else TOLD
    if said == sound:
        return SAME
    return IN_MANIFEST if damage.path.name == "manifest.json" else UNSEEN


def run(index: Path, models: Path, images: Path, *, places: int, seed: int) -> dict[str, Counter[str]]:
    """Return, for each file, how often each came."""
    multiprocessing.set_forkserver_preload(IMPORTED_BEFORE)
    found: defaultdict[str, Counter[str]] = defaultdict(Counter)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch).resolve()
        copied(index, models, folder)
        kind, sound, damaged = outcome(folder, images)
        assert (kind, damaged) == ("answered", []), sound
        for damage in plan(folder, places, seed):
            whole = (folder / damage.path).read_bytes()
            damage.do(folder)
            result = sort(damage, outcome(folder, images), sound)
            (folder / damage.path).write_bytes(whole)
            found[str(damage.path)][result] += 1
            if result.startswith("failed") or result == UNSEEN:
                print(damage, result, flush=True)
    return dict(found)


def is_right(result: str) -> bool:
    """Return whether this may come of a damage."""
    return result in {SAME, TOLD, REFUSED, IN_MANIFEST}


def main() -> int:
    """Run, print a table, and return the exit code."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--index", type=Path, default=ROOT / "artifacts/sample/index")
    options.add_argument("--models", type=Path, default=ROOT / "sample/models")
    options.add_argument("--images", type=Path, default=ROOT / "artifacts/sample/images")
    options.add_argument("--places", type=int, default=500)
    options.add_argument("--seed", type=int, default=1)
    given = options.parse_args()
    found = run(given.index, given.models, given.images, places=given.places, seed=given.seed)
    total: Counter[str] = Counter()
    for path, results in found.items():
        total += results
        print(f"{path:32} " + ", ".join(f"{result} {count}" for result, count in results.most_common()))
    print(f"{'all':32} " + ", ".join(f"{result} {count}" for result, count in total.most_common()))
    return any(not is_right(result) for result in total)


if __name__ == "__main__":
    sys.exit(main())
