"""The commands `storybook draw` and `storybook train`: a folder of scenes, and the sample models.

Owns the arguments and the progress display. Drawing and training are imported when they are used, so that `--help` is quick.
"""

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from export.console import ProgressBar
from export.errors import naming_what_is_missing, unwritable_refused
from export.storybook.recipe import BLIP_PICTURES, CLIP_PICTURES, DRAWN_PICTURES, Recipe
from export.storybook.scenes import HeldOut
from runtime.terminal import told_errors

if TYPE_CHECKING:
    from export.storybook.stage import Progress as StageProgress

app = typer.Typer(no_args_is_help=True, help="Draw storybook scenes, train the sample models.")

_RUN_FOLDER = Path("artifacts/storybook")
_LINE_EVERY_S = 60


@app.command()
def draw(
    folder: Annotated[Path, typer.Argument(help="Where the pictures and captions.jsonl go.")],
    count: Annotated[int, typer.Option(min=1, help="How many pictures.")] = 300,
    seed: Annotated[int, typer.Option(help="The same seed draws the same files.")] = 0,
    size: Annotated[int, typer.Option(min=32, max=2048, help="Side of a picture, in pixels.")] = 384,
    held_out: Annotated[HeldOut, typer.Option(help="Scenes with a combination kept out of training.")] = HeldOut.ANY,
    workers: Annotated[int, typer.Option(min=1, help="Processes that draw.")] = 2,
) -> None:
    """Draw scenes, no two alike, with their captions and the box of every object."""
    from export.storybook.folder import DrawingOptions, draw_folder

    display = _Display(Console())
    with told_errors(), unwritable_refused(folder), display.bar:
        display.begin("draw", count)
        entries = draw_folder(folder, DrawingOptions(count, seed, size, held_out), workers=workers, on_drawn=display.drawn)
    display.console.print(f"{len(entries)} scenes in {folder}")


@app.command()
def train(
    out: Annotated[Path, typer.Option(help="The run's folder; a killed run goes on from it.")] = _RUN_FOLDER,
    seed: Annotated[int, typer.Option(help="The same seed trains the same models.")] = 0,
    threads: Annotated[int, typer.Option(min=1, help="Threads of torch, and processes that draw.")] = 2,
    pictures: Annotated[int, typer.Option(min=1000, help="Pictures drawn to train on.")] = DRAWN_PICTURES,
    pictures_blip: Annotated[int, typer.Option(min=1, help="Pictures BLIP sees.")] = BLIP_PICTURES,
    pictures_clip: Annotated[int, typer.Option(min=1, help="Pictures CLIP sees.")] = CLIP_PICTURES,
) -> None:
    """Train the sample BLIP, then the sample CLIP from its tower. Under an hour on two cores."""
    with told_errors(), naming_what_is_missing():
        from export.storybook.train import Reporter
        from export.storybook.train import train as train_models

    recipe = Recipe.standard(seed, threads, drawn=pictures, blip=pictures_blip, clip=pictures_clip)
    display = _Display(Console())
    reporter = Reporter(display.begin, display.drawn, display.trained)
    with told_errors(), unwritable_refused(out), display.bar:
        record = train_models(out, recipe, reporter)
    for name, figures in record["figures"].items():
        display.console.print(name, figures)


class _Display:
    """A progress bar on a terminal; elsewhere a line a minute, and everywhere a line for each evaluation."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.bar = ProgressBar(console)
        self._evaluations = 0
        self._next_line_s = 0.0

    def begin(self, name: str, total: int) -> None:
        """Something of `total` pictures begins."""
        self.bar.begin(name, total)
        self._evaluations = 0
        self.console.print(f"{time.strftime('%H:%M:%S')} {name}: {total:,} pictures")

    def drawn(self, count: int) -> None:
        """`count` more pictures are drawn."""
        self.bar.advance(count)

    def trained(self, stage: "StageProgress") -> None:
        """A step is done."""
        rate = stage.seen / max(stage.seconds, 1e-9)
        figures = f"{rate:.0f} pictures/s  loss {stage.loss:.3f}  patches {stage.patch_loss:.3f}"
        self.bar.show(stage.seen, figures)
        if not self.console.is_terminal and time.monotonic() >= self._next_line_s:
            self._next_line_s = time.monotonic() + _LINE_EVERY_S
            self.console.print(f"{time.strftime('%H:%M:%S')} {stage.stage} {stage.seen:,} {figures}")
        if len(stage.history) > self._evaluations:
            self._evaluations = len(stage.history)
            self.console.print(f"{time.strftime('%H:%M:%S')} {stage.stage} {stage.history[-1]}")


if __name__ == "__main__":
    app()
