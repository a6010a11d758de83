"""Mutated pictures of every format through the upload's reader and the index's decoder, in a process with little memory.

    python -m tests.fuzz.pictures --count 20000 --seed 1

Checked of each: only our errors come, never for want of memory, and in time. A picture is known by its number and the seed.
The process that decodes is started anew where a picture ends it, which is reported with all else that is found.
"""

import argparse
import random
import resource
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter
from typing import get_args

from export.index.folder.scan import FoundImage
from export.index.picture_file import DecodedImage, decode_found
from runtime.artefacts.model_records import Preprocessing
from runtime.artefacts.picture_decoding import DecodeRule
from runtime.errors import ImageTooLarge, ImageUnreadable
from runtime.images import LocalReader, OpenedImage, PictureLimits, limit_decoding, preprocess, upload_limits
from runtime.images.uploads import Pixels
from tests.fuzz.picture_mutations import mutated
from tests.fuzz.picture_seeds import seeds

MB = 1_000_000
MEMORY_MB, SLACK_MB = 320, 64
PICTURE_MAX_S = 10
STATUS = Path("/proc/self/status")
FORM = Preprocessing(size=32, fit="crop", resample="bicubic", mean=(0.5, 0.5, 0.5), std=(0.5, 0.5, 0.5))


def picture_of(number: int, seed: int) -> tuple[str, bytes]:
    """Return a mutated picture's kind and bytes."""
    rng = random.Random(f"{seed} {number}")
    kinds = list(seeds())
    kind = kinds[number % len(kinds)]
    return kind, mutated(rng, seeds()[kind])


def outcome_of(content: bytes, folder: Path, limits: PictureLimits) -> str:
    """Return what became of a picture by either rule: "decoded", or why not, without its numbers.

    Raises:
        AssertionError: upload and index differ.
        Exception: whatever should have been one of our errors.
    """
    by_rule = [outcome_by(rule, content, folder, limits) for rule in get_args(DecodeRule)]
    assert "too large" in by_rule or len(set(by_rule)) == 1, by_rule
    return by_rule[0]


def outcome_by(rule: DecodeRule, content: bytes, folder: Path, limits: PictureLimits) -> str:
    """Return what became of a picture by one rule; raises as `outcome_of` does."""

    def prepare(opened: OpenedImage) -> Pixels:
        return preprocess(opened.image, FORM, opened.scaled_from)

    try:
        LocalReader(limits).read(content, "it", FORM, rule)
        uploaded = "decoded"
    except ImageTooLarge:
        uploaded = "too large"
    except ImageUnreadable as error:
        uploaded = error.reason
    file = folder / "picture"
    file.write_bytes(content)
    facts = file.stat()
    found = FoundImage("picture", facts.st_size, facts.st_mtime_ns)
    indexed = decode_found(folder, found, "0" * 64, prepare=prepare, rule=rule, previews=True)
    assert isinstance(indexed, DecodedImage) == (uploaded == "decoded"), (uploaded, indexed)
    return uploaded.split(":")[0].split("(")[0].strip()


def work(first: int, count: int, seed: int, progress: Path) -> None:
    """Try pictures in this process, and print a line for each thing found and each kind of outcome."""
    limits = upload_limits(50_000_000, MEMORY_MB)
    limit_decoding(MEMORY_MB, limits.max_pixels)
    seeds()
    base = status_bytes("VmRSS")
    limit = status_bytes("VmData") + (MEMORY_MB + SLACK_MB) * MB
    resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
    outcomes: Counter[str] = Counter()
    slowest = 0.0
    with tempfile.TemporaryDirectory() as folder:
        for number in range(first, first + count):
            kind, content = picture_of(number, seed)
            progress.write_text(str(number))
            signal.alarm(PICTURE_MAX_S)  # ends this process
            start = perf_counter()
            try:
                outcome = outcome_of(content, Path(folder), limits)
            except Exception as error:
                outcome = "FOUND"
                print(f"found {number} ({kind}): {type(error).__name__}: {error}", flush=True)
            signal.alarm(0)
            if "memory" in outcome:
                print(f"found {number} ({kind}): {outcome}", flush=True)
            slowest = max(slowest, perf_counter() - start)
            outcomes[outcome] += 1
    print(f"peak {(status_bytes('VmHWM') - base) // MB} slowest {slowest:.1f}")
    for outcome, times in outcomes.items():
        print(f"outcome {times} {outcome}")


def status_bytes(field: str) -> int:
    return int(STATUS.read_text().split(f"{field}:")[1].split()[0]) * 1024


def lines_of(count: int, seed: int) -> Iterator[str]:
    """Yield the lines of all processes; another follows where one ends over a picture."""
    number = 0
    with tempfile.TemporaryDirectory() as folder:
        progress = Path(folder, "number")
        while number < count:
            share = min(2000, count - number)
            arguments = ["--work", str(progress), "--first", str(number), "--count", str(share), "--seed", str(seed)]
            command = [sys.executable, "-m", "tests.fuzz.pictures", *arguments]
            done = subprocess.run(command, check=False, capture_output=True, text=True)
            yield from done.stdout.splitlines()
            yield from (f"said {line}" for line in done.stderr.splitlines())
            if done.returncode == 0:
                number += share
                continue
            if not progress.exists():
                sys.exit(1)
            number = int(progress.read_text()) + 1
            yield f"found {number - 1} ({picture_of(number - 1, seed)[0]}): ended the process ({done.returncode})"


def main() -> None:
    """Try so many pictures, and report; the status is 1 where something was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=0, help="the number of the first picture")
    parser.add_argument("--work", type=Path, help="try them in this process, and note their number in this file")
    given = parser.parse_args()
    if given.work:
        work(given.first, given.count, given.seed, given.work)
        return
    start, outcomes, found, peaks = perf_counter(), Counter[str](), 0, [0.0]
    slowest = 0.0
    for line in lines_of(given.count, given.seed):
        word, _, rest = line.partition(" ")
        if word == "outcome":
            number, _, outcome = rest.partition(" ")
            outcomes[outcome] += int(number)
        elif word == "peak":
            peak, _, longest = rest.partition(" slowest ")
            peaks.append(float(peak))
            slowest = max(slowest, float(longest))
        else:
            found += word == "found"
            print(line)
    for outcome, times in outcomes.most_common():
        print(f"{times:7,}  {outcome}")
    print(f"{given.count:,} pictures, seed {given.seed}: {found} found, peak {max(peaks):.0f} MB, slowest {slowest:.1f} s, "
          f"{perf_counter() - start:.0f} s in all")  # fmt: skip
    sys.exit(found > 0)


if __name__ == "__main__":
    main()
