"""The commands that make an index, or change which one is in force. Each imports its work when it is used."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated, Literal

import typer

from runtime.artefacts.embedded import name_models
from runtime.settings import OWN_INDEX, OWN_PLACES, Settings, models_folder
from runtime.terminal import tell, told_errors

app = typer.Typer()
ModelsDir = Annotated[
    Path | None,
    typer.Option(
        "--models",
        parser=models_folder,
        metavar="FOLDER",
        help='The folder of exported models, or "sample" (MODELS_DIR); else artifacts/models.',
    ),
]
RuntimeIndex = Annotated[Path | None, typer.Option("--index", help="The index's folder (INDEX_DIR); else artifacts/index.")]
IndexOut = Annotated[Path, typer.Option("--out", help="The index's folder.")]
Pictures = Annotated[Path, typer.Argument(help="The folder of pictures; its subfolders count.")]
PlacesTable = Annotated[
    Path | None, typer.Option(help="The table of towns that names where photos were taken; else artifacts/places.npz.")
]
Excluded = Annotated[
    list[str] | None,
    typer.Option(
        metavar="PATTERN",
        help='Leave out files and folders of this name or path: "*.png", "private/"; may be given several times.',
    ),
]
IncludeHidden = Annotated[
    bool, typer.Option("--include-hidden", help="Read files and folders whose names begin with a dot, too.")
]


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
    text: Annotated[
        Literal["now", "later"] | None,
        typer.Option(help="now: read the text in pictures, too, so that they are found by it. later: not in this run."),
    ] = None,
    publish_every: Annotated[
        float, typer.Option(min=0, help="Minutes, at most, until what was made so far can be searched.")
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
    keep: Annotated[
        int, typer.Option(min=1, help="How many generations before the new one stay, for lookwhy rollback.")
    ] = 1,
    no_previews: Annotated[
        bool, typer.Option("--no-previews", help="Make no small copies of the pictures, which take 340 KB for a photo.")
    ] = False,
    forget: Annotated[
        bool, typer.Option("--forget", help="Remove pictures that cannot be looked at, as on a drive that is not mounted.")
    ] = False,
    forget_below: Annotated[
        list[Path] | None, typer.Option(help="The same for one folder only; may be given several times.")
    ] = None,
    ivf_from: Annotated[
        int | None,
        typer.Option(
            min=1, help="From so many pictures on, searches look through the nearest clusters; 50,000 if not said."
        ),
    ] = None,
    places: PlacesTable = None,
    exclude: Excluded = None,
    include_hidden: IncludeHidden = False,
) -> None:
    """Embed, then caption a folder of pictures. Run again, it goes on, or touches only what was changed since."""
    with told_errors():
        from export.index.build import BuildOptions, build_index
        from export.index.captions_file import read_given_captions
        from export.index.chosen_models import choose_models, open_models
        from export.index.kept import named_folders
        from export.index.photos.places import find_table
        from export.index.summary import tell_next_steps
        from export.index.text.models import find_text_reader

        options = BuildOptions(captions_later=captions == "later", publish_every_s=60 * publish_every, keep=keep)
        options = replace(options, previews=not no_previews)
        options = replace(options, forget=named_folders(folder, forget_below or (), everywhere=forget))
        options = replace(options, places=find_table(places))
        options = replace(options, exclude=tuple(exclude or ()), include_hidden=include_hidden)
        if text:
            options = replace(
                options, text_later=text == "later", open_text_reader=find_text_reader(out) if text == "now" else None
            )
        if ivf_from is not None:
            options = replace(options, ivf_from=ivf_from)
        models = choose_models(models)
        if given_captions is not None:
            options = replace(options, given_captions=read_given_captions(given_captions, folder))
        if calibration is not None:
            options = replace(options, labels=read_given_captions(calibration, folder))
        tell(f"Models: {name_models(models)}. Index: {out}.")
        build_index(folder, out, models=open_models(models, device), options=options)
        tell_next_steps(context.find_root().info_name or "lookwhy", models, out)


@app.command()
def watch(
    folder: Pictures,
    models: ModelsDir = None,
    out: IndexOut = OWN_INDEX,
    poll: Annotated[
        bool, typer.Option("--poll", help="Look at the folder every 30 seconds, as network drives tell of no changes.")
    ] = False,
    places: PlacesTable = None,
    exclude: Excluded = None,
    include_hidden: IncludeHidden = False,
) -> None:
    """Keep an index up with its folder, until Ctrl-C: after each change it is built again. Needs the extra `watch`."""
    with told_errors():
        from export.index.build import BuildOptions, build_index
        from export.index.chosen_models import choose_models, open_models
        from export.index.photos.places import find_table
        from export.index.watch import watch_folder

        options = BuildOptions(places=find_table(places), exclude=tuple(exclude or ()), include_hidden=include_hidden)
        chosen = choose_models(models)
        tell(f"Models: {name_models(chosen)}. Index: {out}.")
        watch_folder(folder, out, lambda: build_index(folder, out, models=open_models(chosen), options=options), poll=poll)


@app.command()
def places(out: Annotated[Path, typer.Option("--out", help="The file to write.")] = OWN_PLACES) -> None:
    """Make the table of towns that names where photos were taken, of GeoNames' data. Needs the extra `places`."""
    with told_errors():
        from export.index.photos.make_places import make_places

        made = make_places(out)
        tell(f"{made.count:,} towns in {out}. Data by GeoNames (www.geonames.org), CC BY 4.0. Next: lookwhy index FOLDER")


@app.command()
def rollback(
    index: RuntimeIndex = None,
    to: Annotated[
        str | None, typer.Option(help="A generation by name, older or newer; else the one before that in force.")
    ] = None,
) -> None:
    """Go back to an earlier generation of the index, at once and whole; `lookwhy verify` lists them."""
    with told_errors():
        from export.index.rollback import roll_back

        roll_back(Settings.read(index_dir=index).artefact_dirs()[1], to)


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
        from export.index.chosen_models import choose_models, open_models
        from export.index.photos.places import find_table
        from export.index.seed_import import SeedFiles
        from export.index.seed_import import import_index as take_over

        take_over(
            SeedFiles(faiss, metadata, images), out, models=open_models(choose_models(models)), places=find_table(None)
        )
