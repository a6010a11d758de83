"""Releases on S3, as hard as it gets: python -m tests.fuzz.releases [--releases 20] [--rounds 50] [--threads 4] [--stride 1]

moto plays S3. A publisher is killed at each of its requests, over a release and over nothing, and a function starts cold
after each. Two publish at once, again and again. Then releases follow each other under load on the function's handler,
whose every answer must be one release's own, and whose every picture must be there. Prints the figures; exits with 1 where
anything is not as it must be.
"""

import argparse
import itertools
import json
import os
import shutil
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from export.publish.errors import ReleaseOvertaken
from export.publish.release import ReleaseContents
from export.publish.s3 import S3Folder
from tests.deploy.cloud import Cloud, cloud_served
from tests.fuzz.release_kills import addresses, assert_whole, publish, publish_killed, publish_two, start_cold
from tests.fuzz.release_load import run_under_load
from tests.fuzz.written_releases import write_release
from tests.sample_library import SampleLibrary, build_sample_library

FEW_SCENES = 4  # each picture is three requests more


def kill_at_every_request(
    cloud: Cloud, name: str, before: ReleaseContents | None, contents: ReleaseContents, stride: int, scratch: Path
) -> dict[str, Any]:
    """Kill a publisher after each of its requests, always over a bucket with `before` in force, and start cold after each.

    After every tenth, what was interrupted is run again.
    """
    met, finished = Counter[str](), 0
    for allowed in itertools.count(1, stride):
        bucket, fetched = f"kills-{name}-{allowed}", scratch / "fetched"
        cloud.make_bucket(bucket)
        there = addresses(cloud.client("s3"), bucket)
        if before:
            publish(before, there)
        is_done = publish_killed(cloud, bucket, contents, allowed)
        number = assert_whole(there).number
        met[f"release {number}: {start_cold(cloud, bucket, fetched)}"] += 1
        if allowed % 10 == 0:
            finished += 1
            assert publish(contents, there).number == number + 1
            assert_whole(there)
        shutil.rmtree(fetched, ignore_errors=True)
        everything = S3Folder(f"s3://{bucket}", cloud.client("s3"))
        everything.remove(everything.paths())
        if is_done:
            return {"requests": allowed, "stood_there": met, "run_again": finished}
    raise AssertionError("unreachable")


def two_at_once(cloud: Cloud, bucket: str, both: tuple[ReleaseContents, ReleaseContents], rounds: int) -> dict[str, Any]:
    """Have two publish at once, again and again."""
    won = [0, 0]
    there = addresses(cloud.client("s3"), bucket)
    for _ in range(rounds):
        before = assert_whole(there).number
        ends = publish_two(cloud, bucket, both)
        assert sorted(isinstance(end, ReleaseOvertaken) for end in ends) == [False, True], ends
        assert assert_whole(there).number == before + 1
        won[isinstance(ends[0], ReleaseOvertaken)] += 1
    return {"rounds": rounds, "won": won}


def main() -> int:
    """Run all three, print the figures, and return the exit code."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--releases", type=int, default=20)
    options.add_argument("--rounds", type=int, default=50)
    options.add_argument("--threads", type=int, default=4)
    options.add_argument("--stride", type=int, default=1)
    options.add_argument("--only", choices=["kills", "two", "load"])
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as folder, cloud_served() as cloud:
        scratch = Path(folder)
        os.environ.update(cloud.environment)
        if given.only != "load":
            few = build_sample_library(scratch / "few", scenes=FEW_SCENES)
        if given.only in (None, "kills"):
            _print("kills", _kills(cloud, few, scratch, given.stride))
        if given.only in (None, "two"):
            cloud.make_bucket("two")
            first, second = (write_release(few, scratch / f"two {number}", number) for number in (101, 102))
            _print("two publishers", two_at_once(cloud, "two", (first, second), given.rounds))
        if given.only in (None, "load"):
            sample = build_sample_library(scratch / "sample")
            figures = run_under_load(cloud, sample, scratch / "load", releases=given.releases, threads=given.threads)
            _print("under load", figures)
            return bool(figures["wrong"])
    return 0


def _kills(cloud: Cloud, sample: SampleLibrary, scratch: Path, stride: int) -> dict[str, Any]:
    began = time.monotonic()
    first, second = (write_release(sample, scratch / f"kills {number}", number) for number in (1, 2))
    figures = {
        "over a release": kill_at_every_request(cloud, "second", first, second, stride, scratch),
        "over nothing": kill_at_every_request(cloud, "first", None, first, stride, scratch),
    }
    return figures | {"seconds": round(time.monotonic() - began)}


def _print(name: str, figures: dict[str, Any]) -> None:
    print(json.dumps({name: figures}, indent=1), flush=True)


if __name__ == "__main__":
    sys.exit(main())
