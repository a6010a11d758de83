"""The export step's command line. Each command imports its work when it is used: only `models` and `train` load torch."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from rich.console import Console

from export.errors import naming_what_is_missing
from export.hub import DEFAULT_BLIP, DEFAULT_CLIP
from export.storybook.commands import app as storybook
from runtime.settings import OWN_INDEX, OWN_MODELS, Settings, default_models_dir
from runtime.terminal import INTERRUPTED, told_errors

if TYPE_CHECKING:
    from export.library.encoding import Models


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
    clip: Annotated[str, typer.Option(help="A local folder, or a hub id, owner/name[@revision].")] = DEFAULT_CLIP,
    blip: Annotated[str, typer.Option(help="The same; an empty one leaves captions out.")] = DEFAULT_BLIP,
    out: Annotated[Path, typer.Option(help="The folder to write.")] = OWN_MODELS,
    precision: Annotated[Precision, typer.Option(help="Of the weights.")] = "int8-7bit",
) -> None:
    """Convert CLIP and BLIP to quantized graphs, and check them against the originals. Needs export/requirements.txt."""
    with told_errors(), naming_what_is_missing():
        from export.models import export_models

        console = Console()
        export_models(clip, blip or None, out, precision=precision, say=console.print)


@app.command()
def index(folder: Pictures, models: ModelsDir = None, out: IndexOut = OWN_INDEX) -> None:
    """Embed and caption a folder of pictures. Run again, it touches only what was added, changed, renamed or removed."""
    with told_errors():
        from export.index import build_index

        build_index(folder, out, models=_open_models(models))


@app.command()
def import_index(
    faiss: Annotated[Path, typer.Argument(help="The seed project's image_index.faiss.")],
    metadata: Annotated[Path, typer.Argument(help="The seed project's metadata.json.")],
    images: Annotated[Path, typer.Option("--images", help="The folder where the pictures lie now.")],
    models: ModelsDir = None,
    out: IndexOut = OWN_INDEX,
) -> None:
    """Take over an index of the seed project, its vectors as they are. Captions are made when they are asked for."""
    with told_errors():
        from export.takeover import SeedFiles
        from export.takeover import import_index as take_over

        take_over(SeedFiles(faiss, metadata, images), out, models=_open_models(models, captions=False))


def _open_models(models_dir: Path | None, *, captions: bool = True) -> "Models":
    from export.library.encoding import Models
    from runtime.blip import BlipCaptioner
    from runtime.clip import ClipEncoder
    from runtime.manifest import read_models_manifest

    models_dir = models_dir or default_models_dir()
    manifest = read_models_manifest(models_dir)
    threads = Settings.read().threads or os.cpu_count() or 1
    captioner = BlipCaptioner(models_dir, manifest.blip, threads) if manifest.blip and captions else None
    return Models(manifest.fingerprint(), ClipEncoder(models_dir, manifest.clip, threads), captioner)


if __name__ == "__main__":
    app(prog_name="python -m export")
