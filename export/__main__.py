"""The export step's command line. Each command imports its work when it is used: only `models` and `train` load torch."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from rich.console import Console

from export.errors import SampleModelsUnasked, naming_what_is_missing
from export.models.hub import DEFAULT_BLIP, DEFAULT_CLIP
from export.storybook.commands import app as storybook
from runtime.artefacts.embedded import are_sample_models, name_models
from runtime.settings import OWN_INDEX, OWN_MODELS, Settings, has_manifest, models_folder
from runtime.terminal import INTERRUPTED, SAMPLE_MODELS_BANNER, run_command_line, tell, told_errors

if TYPE_CHECKING:
    from export.index.pipeline import Models
    from runtime.models.onnx_session import Device


app = typer.Typer(
    help="Make what the runtime reads: models, and an index over your pictures.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
app.add_typer(storybook, name="storybook")
OWN_EVALUATION = Path("artifacts/evaluation.json")
Precision = Literal["planned", "int8", "fp32"]
Target = Literal["avx2", "vnni", "arm64"]
ModelsDir = Annotated[
    Path | None,
    typer.Option(
        "--models",
        parser=models_folder,
        metavar="FOLDER",
        help='The folder of exported models, or "sample" (MODELS_DIR); else artifacts/models.',
    ),
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
        from export.fetch.run import fetch_images, print_summary

        summary = fetch_images(urls, folder, column=column, max_side_px=max_side, parallel=parallel)
        print_summary(summary, Console())
    if summary.interrupted:
        raise typer.Exit(INTERRUPTED)


@app.command()
def models(
    clip: Annotated[str, typer.Option(help="A local folder, or a hub id, owner/name[@revision].")] = DEFAULT_CLIP,
    blip: Annotated[str, typer.Option(help="The same; an empty one leaves captions out.")] = DEFAULT_BLIP,
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
        export_models(clip, blip or None, out, options=options, display=display)


@app.command()
def index(
    context: typer.Context,
    folder: Pictures,
    models: ModelsDir = None,
    out: IndexOut = OWN_INDEX,
    captions: Annotated[
        Literal["now", "later"],
        typer.Option(help="later: embed alone, which is quick, and leave captions to a run without this option."),
    ] = "now",
    publish_every: Annotated[
        float, typer.Option(min=0, help="Minutes between two times that captions made so far can be searched.")
    ] = 10,
    given_captions: Annotated[
        Path | None,
        typer.Option(
            help='Captions by people, one JSON object a line: {"file", "captions"}. Shown in place of the models\'.'
        ),
    ] = None,
    calibration: Annotated[
        Path | None,
        typer.Option(help="Captions by people in the same form: how likely a match is, is fitted to what they say."),
    ] = None,
    device: Annotated[
        Literal["cpu", "cuda"],
        typer.Option(help="cuda: run the models on a GPU, with onnxruntime-gpu and models of --precision fp32."),
    ] = "cpu",
    ivf_from: Annotated[
        int | None,
        typer.Option(
            min=1, help="From so many pictures on, searches look through the nearest clusters; 50,000 if not said."
        ),
    ] = None,
) -> None:
    """Embed, then caption a folder of pictures. Run again, it goes on, or touches only what was changed since."""
    with told_errors():
        from export.index.build import BuildOptions, build_index
        from export.index.summary import tell_next_steps
        from export.precision.captions_file import read_given_captions

        options = BuildOptions(captions_later=captions == "later", publish_every_s=60 * publish_every)
        if ivf_from is not None:
            options = replace(options, ivf_from=ivf_from)
        models = _models_dir(models)
        if given_captions is not None:
            options = replace(options, given_captions=read_given_captions(given_captions, folder))
        if calibration is not None:
            options = replace(options, labels=read_given_captions(calibration, folder))
        tell(f"Models: {name_models(models)}. Index: {out}.")
        build_index(folder, out, models=_open_models(models, device), options=options)
        tell_next_steps(context.find_root().info_name or "lookwhy", models, out)


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
        from export.index.seed_import import SeedFiles
        from export.index.seed_import import import_index as take_over

        take_over(SeedFiles(faiss, metadata, images), out, models=_open_models(_models_dir(models)))


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
        from runtime.models.cpu_cores import usable_cores

        threads = Settings.read().threads or usable_cores()
        evaluate_models(Sources(captions, images, _models_dir(models), exact), out, threads=threads)


def _models_dir(given: Path | None) -> Path:
    """Return the models to work with: those named, or set, or exported here. The sample's only if they were named.

    Raises:
        SampleModelsUnasked: none of these is here.
    """
    if folder := given or Settings.read().models_dir:
        return folder
    if has_manifest(OWN_MODELS):
        return OWN_MODELS
    raise SampleModelsUnasked


def _open_models(folder: Path, device: "Device" = "cpu") -> "Models":
    from export.errors import DeviceUnfit
    from export.index.pipeline import Models
    from runtime.artefacts.manifest import read_models_manifest
    from runtime.models.blip import BlipCaptioner
    from runtime.models.clip import ClipEncoder
    from runtime.models.cpu_cores import usable_cores

    manifest = read_models_manifest(folder)
    if device != "cpu" and manifest.precision != "fp32":
        raise DeviceUnfit(folder, manifest.precision, device)
    if are_sample_models(manifest):
        tell(SAMPLE_MODELS_BANNER)
    blip, workers = manifest.blip, Settings.read().threads or usable_cores()
    return Models(
        manifest.fingerprint(),
        ClipEncoder(folder, manifest.clip, device=device),
        (lambda: BlipCaptioner(folder, blip, device=device)) if blip else None,
        workers,
    )


if __name__ == "__main__":
    run_command_line(app, "python -m export")
