"""What is left of the verdicts where captions err: python -m benchmarks.evidence.spoiled_captions [MODELS]

The models' captions of drawn scenes, with a share of their nouns and colours exchanged for others, are put into an index.
The same index is then asked without weighing what its captions say in words, as the version before did.
"""

import random
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer
from rich.console import Console

from benchmarks.evidence.hits import hit_figures, markdown_table
from benchmarks.evidence.scene_library import (
    SEED,
    SceneLibrary,
    choose_absent,
    forget_stance,
    index_again,
    make_library,
    open_index,
    scenes_without,
)
from export.storybook.captions import plural
from export.storybook.scenes import COLOURS, OBJECTS
from runtime.terminal import told_errors

LIBRARIES, SCENES, ABSENT_OBJECTS, QUESTIONS = 2, 400, 4, 30
SHARES = (0.0, 0.1, 0.3, 0.6)
ALTERNATIVES = (COLOURS, OBJECTS, tuple(map(plural, OBJECTS)))


def main(
    models: Annotated[Path, typer.Argument(help="A folder that `python -m export models` wrote.")] = Path("sample/models"),
    seed: Annotated[int, typer.Option(help="Of the scenes and the questions.")] = SEED,
) -> None:
    """Print Markdown tables for each share of spoiled words, with the captions' words and without."""
    console = Console(highlight=False)
    with told_errors(), TemporaryDirectory() as scratch:
        folders = [Path(scratch) / str(number) for number in range(LIBRARIES)]
        libraries = [_make(folder, models, f"spoiled:{seed}:{folder.name}") for folder in folders]
        for share in SHARES:
            pairs = [_spoil(library, folder, models, share) for library, folder in zip(libraries, folders, strict=True)]
            for at, name in enumerate(("with the captions' words", "without")):
                console.print(f"\n{share:.0%} of nouns and colours exchanged, {name}\n", markup=False)
                for line in markdown_table(hit_figures([pair[at] for pair in pairs], str(seed), QUESTIONS)):
                    console.print(line, soft_wrap=True, markup=False)


def spoil_caption(caption: str, share: float, rng: random.Random) -> str:
    """Return a caption with each noun and colour exchanged, at the chance `share`, for another of its kind."""
    words = caption.split()
    for at, word in enumerate(words):
        kind = next((kind for kind in ALTERNATIVES if word in kind), None)
        if kind and rng.random() < share:
            words[at] = rng.choice([other for other in kind if other != word])
    return " ".join(words)


def _make(folder: Path, models: Path, name: str) -> SceneLibrary:
    rng = random.Random(name)
    absent = choose_absent(rng, ABSENT_OBJECTS)
    return make_library(folder, models, list(islice(scenes_without(absent, rng), SCENES)), name, absent)


def _spoil(library: SceneLibrary, folder: Path, models: Path, share: float) -> tuple[SceneLibrary, SceneLibrary]:
    """Return the library with spoiled captions, and the same without weighing what they say in words."""
    rows = library.engine.library.rows(range(1, SCENES + 1))
    rng = random.Random(f"{folder.name}:{share}")
    captions = {row.sha256: spoil_caption(row.caption or "", share, rng) for row in rows}
    spoiled = index_again(library, folder, models, f"index-{share}", captions)
    index = folder / f"index-{share}"
    forget_stance(index)  # the engine that is open has read it by now
    return spoiled, SceneLibrary(open_index(index, models), library.scenes, library.boxes, library.absent)


if __name__ == "__main__":
    typer.run(main)
