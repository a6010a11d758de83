"""The commands that keep an index up, take one over, or change which one is in force. Each imports its work when it is used.

`export/cluster/commands.py` has `lookwhy index` itself, which can work on a cluster, too.
"""

from pathlib import Path
from typing import Annotated

import typer

from export.index.errors import SeveralFolders
from runtime.artefacts.package_data import name_models
from runtime.errors import ArtefactMissing
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


ONE_FOLDER = {"allow_extra_args": True}  # which `refuse_more` tells better than a parser of options can


@app.command(context_settings=ONE_FOLDER)
def watch(
    context: typer.Context,
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
        refuse_more(context, folder)
        from export.index.build import BuildOptions, build_index
        from export.index.chosen_models import choose_models, open_models
        from export.index.folder.excluded_files import ExclusionRules
        from export.index.folder.scan import usable_root
        from export.index.photos.places import find_table
        from export.index.watch import watch_folder

        ExclusionRules(usable_root(folder, out), tuple(exclude or ()))  # said before anything of models
        options = BuildOptions(places=find_table(places), exclude=tuple(exclude or ()), include_hidden=include_hidden)
        chosen = choose_models(models)
        tell(f"Models: {name_models(chosen)}. Index: {out}.")
        watch_folder(folder, out, lambda: build_index(folder, out, models=open_models(chosen), options=options), poll=poll)


def refuse_more(context: typer.Context, folder: Path | str) -> None:
    """Refuse folders beside the one that a command takes.

    Raises:
        SeveralFolders: there are some.
    """
    if context.args:
        raise SeveralFolders([str(folder), *context.args])


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
        from export.index.generations.rollback import roll_back

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
        from export.index.folder.scan import usable_root
        from export.index.photos.places import find_table
        from export.index.seed.files import REMEDY
        from export.index.seed.importing import SeedFiles
        from export.index.seed.importing import import_index as take_over

        usable_root(images)  # these are said before anything of models
        if absent := next((file for file in (faiss, metadata) if not file.is_file()), None):
            raise ArtefactMissing(absent, REMEDY)
        take_over(
            SeedFiles(faiss, metadata, images), out, models=open_models(choose_models(models)), places=find_table(None)
        )
