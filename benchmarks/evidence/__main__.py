"""Whether the evidence is true: python -m benchmarks.evidence [MODELS]

Searches storybook libraries with known content through the engine. Measures verdicts on queries with and without a match,
minus-words, mixes of picture and words, heatmaps by the pointing game and by occlusion, and every single hit by the kind of
question.
"""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer
from rich.console import Console

from benchmarks.evidence.heatmaps import heatmap_figures
from benchmarks.evidence.hits import hit_figures, markdown_table
from benchmarks.evidence.query_forms import minus_word_figures, mix_figures
from benchmarks.evidence.scene_library import SEED, make_named_library
from benchmarks.evidence.verdicts import verdict_figures
from runtime.terminal import told_errors

LIBRARIES, SCENES = 5, 300
ALBUMS, ALBUM = 10, 400


def main(
    models: Annotated[Path, typer.Argument(help="A folder that `python -m export models` wrote.")] = Path("sample/models"),
    albums: Annotated[int, typer.Option(min=1, help="Albums whose single hits are counted, the first ones.")] = ALBUMS,
) -> None:
    """Print a Markdown table line for each figure, and a table of single hits."""
    with told_errors(), TemporaryDirectory() as scratch:
        libraries = [
            make_named_library(Path(scratch) / str(number), models, str(number), SCENES) for number in range(LIBRARIES)
        ]
        figures = verdict_figures(libraries) | minus_word_figures(libraries) | mix_figures(libraries)
        figures |= heatmap_figures(Path(scratch) / "heatmaps", models)
        console = Console(highlight=False)
        for name, value in figures.items():
            console.print(f"| {name} | {value:.3f} |", soft_wrap=True, markup=False)
        named = [
            make_named_library(Path(scratch) / f"album-{number}", models, f"album:{number}", ALBUM)
            for number in range(albums)
        ]
        for line in ["", *markdown_table(hit_figures(named, str(SEED)))]:
            console.print(line, soft_wrap=True, markup=False)


if __name__ == "__main__":
    typer.run(main)
