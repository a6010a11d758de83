"""The export step's command line. Each command imports its work when it is used: only `models` and `train` load torch."""

from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.console import Console

from export.cluster.commands import app as cluster_commands
from export.errors import naming_what_is_missing
from export.index.commands import ModelsDir, RuntimeIndex
from export.index.commands import app as index_commands
from export.models.hub import DEFAULT_BLIP, DEFAULT_CLIP
from export.storybook.commands import app as storybook
from runtime.settings import OWN_MODELS, Settings, models_folder
from runtime.settings.accepted_values import named_place
from runtime.terminal import INTERRUPTED, run_command_line, told_errors

app = typer.Typer(
    help="Make what the runtime reads: models, and an index over your pictures.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
app.add_typer(cluster_commands)  # without a name of its own: its commands stand beside the others
app.add_typer(index_commands)
app.add_typer(storybook, name="storybook")
OWN_EVALUATION = Path("artifacts/evaluation.json")
Precision = Literal["planned", "int8", "fp32"]
Target = Literal["avx2", "vnni", "arm64"]
RuntimeModels = Annotated[
    Path | None,
    typer.Option(
        "--models", parser=models_folder, metavar="FOLDER", help="As for search and serve: else those that made the index."
    ),
]


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
        from export.fetch.run import fetch_images, print_summary
        from export.index.picture_file import limit_decoders

        limit_decoders(Settings.read())
        summary = fetch_images(urls, folder, column=column, max_side_px=max_side, parallel=parallel)
        print_summary(summary, Console())
    if summary.interrupted:
        raise typer.Exit(INTERRUPTED)


@app.command()
def models(
    clip: Annotated[
        str,
        typer.Option(
            parser=named_place, help="A CLIP or SigLIP: a local folder, or a hub id, owner/name or owner/name@revision."
        ),
    ] = DEFAULT_CLIP,
    blip: Annotated[str, typer.Option(help="The same; an empty one leaves captions out.")] = DEFAULT_BLIP,
    text: Annotated[
        str | None,
        typer.Option(
            parser=named_place, help="A text tower in the place of CLIP's own, for other languages: a folder or a hub id."
        ),
    ] = None,
    out: Annotated[Path, typer.Option(help="The folder to write.")] = OWN_MODELS,
    precision: Annotated[
        Precision, typer.Option(help="planned: the cheapest for each layer that meets the gates; int8 for all; fp32.")
    ] = "planned",
    target: Annotated[
        Target, typer.Option(help="The CPU that will run them: avx2 (any x86, as on Lambda), vnni (newer x86), arm64.")
    ] = "avx2",
    beams: Annotated[int, typer.Option(min=1, help="Beams that captions are searched with; 1 is greedy.")] = 3,
    caption_size: Annotated[
        int | None,
        typer.Option(
            min=1, help="Pixels at which BLIP sees pictures, else its own, 384: 256 takes a third less time and sees less."
        ),
    ] = None,
    cosine_mean: Annotated[
        float, typer.Option(min=0, max=1, help="Gate: cosine of quantized and exact vectors, mean.")
    ] = 0.999,
    cosine_worst: Annotated[float, typer.Option(min=0, max=1, help="Gate: the same, of the worst text or picture.")] = 0.99,
    overlap_at_10: Annotated[
        float, typer.Option(min=0, max=1, help="Gate: share of the exact first ten pictures that stay there.")
    ] = 0.9,
    token_agreement: Annotated[
        float, typer.Option(min=0, max=1, help="Gate: share of caption tokens that stay the same.")
    ] = 0.95,
    calibration: Annotated[
        Path | None, typer.Option(help="Measure on these pictures and captions (as for evaluate), not on drawn scenes.")
    ] = None,
) -> None:
    """Convert CLIP and BLIP to quantized graphs, and check them against the originals. Needs the extra `export`."""
    with told_errors(), naming_what_is_missing():
        from export.console import TerminalDisplay
        from export.models.export import ExportOptions, export_models
        from export.precision.calibration_set import read_calibration_set
        from export.precision.gates import Gates

        gates = Gates(
            cosine_mean=cosine_mean,
            cosine_worst=cosine_worst,
            overlap_at_10=overlap_at_10,
            token_agreement=token_agreement,
        )
        display = TerminalDisplay(Console())
        read = read_calibration_set(calibration, display) if calibration else None
        options = ExportOptions(
            precision=precision,
            target=target,
            gates=gates,
            calibration=read,
            num_beams=beams,
            caption_size_px=caption_size,
        )
        export_models(clip, blip or None, out, text=text, options=options, display=display)


@app.command()
def verify(models: RuntimeModels = None, index: RuntimeIndex = None) -> None:
    """Check every file of models and index, and that they fit each other; exit code 1 where something is damaged."""
    with told_errors():
        from export.verify.run import verify as check

        check(*Settings.read(models_dir=models, index_dir=index).artefact_dirs())


@app.command()
def evaluate(
    captions: Annotated[Path, typer.Argument(help='One JSON object a line: {"file", "captions"}.')],
    images: Annotated[Path | None, typer.Option(help="The folder of the pictures; else the captions' own.")] = None,
    models: ModelsDir = None,
    exact: Annotated[
        Path | None, typer.Option(help="The same models in fp32; else the folder beside, named MODELS-fp32. Made if absent.")
    ] = None,
    out: Annotated[Path, typer.Option(help="The JSON file with all figures.")] = OWN_EVALUATION,
) -> None:
    """Measure models on your own captioned pictures: recall@k, caption scores, and what quantizing changed."""
    with told_errors(), naming_what_is_missing():
        from export.evaluation.run import Sources, evaluate_models
        from export.index.captions.file import read_captions
        from export.index.chosen_models import choose_models
        from export.index.picture_file import limit_decoders

        read_captions(captions, images)  # a file that cannot be read is said before anything of models
        threads = limit_decoders(Settings.read())
        evaluate_models(Sources(captions, images, choose_models(models), exact), out, threads=threads)


if __name__ == "__main__":
    run_command_line(app, "python -m export")
