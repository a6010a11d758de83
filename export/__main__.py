"""The export step's command line. Each command's work is imported when it is used, so only `models` and `train` load torch."""

from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.console import Console

from export.storybook.commands import app as storybook
from runtime.settings import OWN_INDEX, OWN_MODELS, default_models_dir
from runtime.terminal import INTERRUPTED, told_errors

CLIP, BLIP = "openai/clip-vit-base-patch32", "Salesforce/blip-image-captioning-base"

app = typer.Typer(
    help="Make what the runtime reads: models, and an index over your pictures.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
app.add_typer(storybook, name="storybook")
Precision = Literal["int8-7bit", "int8", "fp32"]
ModelsDir = Annotated[
    Path | None, typer.Option("--models", help="The exported models' folder; else artifacts/models, else the sample's.")
]
IndexOut = Annotated[Path, typer.Option("--out", help="The index's folder.")]
Pictures = Annotated[Path, typer.Argument(help="The folder of pictures; its subfolders count.")]


@app.command()
def fetch(
    urls: Annotated[Path, typer.Argument(help="A CSV with a column of addresses, or a text file with one a line.")],
    folder: Annotated[Path, typer.Argument(help="Where the pictures go, as 0001.jpg ...")],
    column: Annotated[
        str | None, typer.Option(help="The CSV's column of addresses, where it is not found by itself.")
    ] = None,
    max_side: Annotated[int, typer.Option(min=0, help="Longest side in pixels; 0 keeps the files as they are.")] = 800,
    parallel: Annotated[int, typer.Option(min=1, help="How many downloads at once.")] = 16,
) -> None:
    """Download a list of pictures; run again, it goes on where it stopped."""
    with told_errors():
        from export.fetch import fetch_images, print_summary

        summary = fetch_images(urls, folder, column=column, max_side_px=max_side, parallel=parallel)
        print_summary(summary, Console())
    if summary.interrupted:
        raise typer.Exit(INTERRUPTED)


@app.command()
def models(
    clip: Annotated[str, typer.Option(help="A local folder, or a hub id: owner/name or owner/name@revision.")] = CLIP,
    blip: Annotated[str, typer.Option(help="The same; an empty one leaves captions out.")] = BLIP,
    out: Annotated[Path, typer.Option(help="The folder to write.")] = OWN_MODELS,
    precision: Annotated[Precision, typer.Option(help="Of the weights.")] = "int8-7bit",
) -> None:
    """Convert CLIP and BLIP to quantized graphs, and check them against the originals. Needs export/requirements.txt."""
    with told_errors():
        from export.models import export_models

        console = Console()
        export_models(clip, blip or None, out, precision=precision, say=console.print)


if __name__ == "__main__":
    app(prog_name="python -m export")
