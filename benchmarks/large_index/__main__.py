"""A library of a million pictures: `make bench-large`, or `python -m benchmarks.large_index --count 100000` for a try."""

import argparse
import shutil
import sys
from pathlib import Path

from benchmarks.large_index.steps import ASKED, FLAT_QUERIES, QUERIES, build, exact_tens, search
from benchmarks.large_index.table import told
from benchmarks.measure.own_process import alone


def main() -> None:
    """Build, search, print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.large_index")
    parser.add_argument("--count", type=int, default=1_000_000)
    parser.add_argument("--folder", type=Path, default=Path("artifacts/large"), help="where indexes are built; emptied")
    given = parser.parse_args()
    shutil.rmtree(given.folder, ignore_errors=True)
    truths = {asked: alone(exact_tens, given.count, asked) for asked in ASKED}
    figures = []
    for form, ivf_from in (("clusters", 1), ("flat", given.count + 1)):
        print(f"building: {form}", file=sys.stderr)
        out = given.folder / form
        built = alone(build, out, given.count, ivf_from)
        figures.append(built | alone(search, out, truths, QUERIES if form == "clusters" else FLAT_QUERIES))
        shutil.rmtree(out)
    print(told(given.count, *figures))


if __name__ == "__main__":
    main()
