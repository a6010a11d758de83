"""An index of a million vectors: `make bench-large`; quickly, `python -m benchmarks.library.large_index --count 100000`.

Builds a clustered and a flat index as `export index` does, opens them as the runtime does, and searches on one thread.
Recall is relative to exact search over the vectors before any rounding. Every step has its own process, so that its memory
is measured by itself. Prints Markdown; removes the indexes.
"""

import argparse
import shutil
import sys
from pathlib import Path

from benchmarks.library.large_index.steps import (
    ADDED,
    FLAT_QUERIES,
    KEPT_MB,
    QUERIES,
    QUERY_KINDS,
    add,
    build,
    search,
    tenth_cosines,
)
from benchmarks.library.large_index.table import to_markdown
from benchmarks.measure.own_process import run_in_own_process


def main() -> None:
    """Build and search both indexes, and print the tables."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.library.large_index")
    parser.add_argument("--count", type=int, default=1_000_000)
    parser.add_argument("--folder", type=Path, default=Path("artifacts/large"), help="where indexes are built; emptied")
    parser.add_argument("--without-flat", action="store_true", help="leave out the flat index, which takes the longest")
    given = parser.parse_args()
    shutil.rmtree(given.folder, ignore_errors=True)
    tenths = {kind: run_in_own_process(tenth_cosines, given.count, kind) for kind in QUERY_KINDS}
    figures = {}
    for form, ivf_from in (("clusters", 1), ("flat", given.count + 1)):
        if form == "flat" and given.without_flat:
            continue
        print(f"building: {form}", file=sys.stderr)
        out = given.folder / form
        built = run_in_own_process(build, out, given.count, ivf_from)
        for kept_mb in KEPT_MB if form == "clusters" else KEPT_MB[:1]:
            name = f"clusters, {kept_mb} MB kept" if form == "clusters" else form
            queries = QUERIES if form == "clusters" else FLAT_QUERIES
            figures[name] = built | run_in_own_process(search, out, tenths, queries, kept_mb)
        if form == "clusters":
            added = run_in_own_process(add, out, given.count, ADDED)
        shutil.rmtree(out)
    print(to_markdown(given.count, figures))
    clusters_s, write_s, all_s = (added[name] for name in ("clusters", "write", "all"))
    print(f"\nAdding {ADDED:,} pictures: {clusters_s:.1f} s for the clusters, of which {write_s:.1f} s write them, and the")
    print(f"rest sees that a search finds {added['recall']:.3f} of the ten nearest; {all_s:.0f} s for the whole generation.")


if __name__ == "__main__":
    main()
