"""One bit flipped in an index, at random places of random files: `verify` must name it, and `index` must mend it.

After each flip, the index must tell what it told before, with the same ids and captions; no captioner may be needed but for
the picture whose own sha256 was flipped, and no error may be anything but ours.

    python -m tests.fuzz.flips_of_the_index --count 500 --seed 7
"""

import argparse
import io
import random
import shutil
import time
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console

from export.index.build import BuildOptions
from export.verify.index_files import find_index_faults
from tests.export.index.small_library import GridEncoder, build, draw_many, small_models, told_by

COUNT = 18  # pictures: too few for a calibration, which takes most of a second
FORMS = {"flat": BuildOptions(), "large": BuildOptions(ivf_from=10)}


def flip(path: Path, chance: random.Random) -> None:
    content = bytearray(path.read_bytes())
    content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
    path.write_bytes(content)


def run(scratch: Path, count: int, seed: int) -> None:
    chance, counts, embedded = random.Random(seed), Counter[str](), 0
    folder, began = draw_many(scratch / "photos", [f"{number:02}.png" for number in range(COUNT)]), time.monotonic()
    for form, options in FORMS.items():
        build(folder, scratch / form, options=options)
    for _ in range(count):
        form = chance.choice(sorted(FORMS))
        out = Path(shutil.copytree(scratch / form, scratch / "flipped"))
        before = told_by(out)
        names = ["manifest.json", *(f"g000001/{path.name}" for path in sorted((out / "g000001").iterdir()))]
        name = chance.choice(names)
        flip(out / name, chance)
        _, faults = find_index_faults(out, Console(file=io.StringIO()))
        is_served = not name.endswith(("vector_sums.npy", "manifest.json.sha256")) and name != "g000001/manifest.json"
        assert faults or not is_served, f"{form}/{name}: nothing was found"
        models = small_models()
        build(folder, out, models, FORMS[form])
        after = told_by(out)
        assert (after[0], after[2]) == (before[0], before[2]), f"{form}/{name}: rows differ"
        assert after[1] == before[1], f"{form}/{name}: vectors differ"
        _, faults = find_index_faults(out, Console(file=io.StringIO()))
        assert not faults, f"{form}/{name}: {faults}"
        assert isinstance(models.encoder, GridEncoder)
        embedded += models.encoder.seen
        counts[name.removeprefix("g000001/")] += 1
        shutil.rmtree(out)
    print(
        f"{count} flips, seed {seed}, {time.monotonic() - began:.0f} s: all found and mended, {embedded} pictures embedded"
    )
    print(", ".join(f"{name}: {number}" for name, number in sorted(counts.items())))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=500, help="how many flips")
    parser.add_argument("--seed", type=int, default=7)
    given = parser.parse_args()
    with TemporaryDirectory() as scratch:
        run(Path(scratch), given.count, given.seed)


if __name__ == "__main__":
    main()
