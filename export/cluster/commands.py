"""The commands that build an index or shards of pictures, and load shards. Each imports its work when it is used."""

from collections.abc import Collection
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Annotated, Literal

import typer

from export.cluster.errors import OptionUnfit
from export.index.commands import ONE_FOLDER, Excluded, IncludeHidden, ModelsDir, PlacesTable, RuntimeIndex, refuse_more
from runtime.artefacts.package_data import name_models
from runtime.settings import OWN_INDEX, Settings
from runtime.settings.accepted_values import named_place
from runtime.terminal import tell, told_errors

app = typer.Typer()
OWN_SHARDS = "artifacts/shards"
Shards = Annotated[str, typer.Argument(parser=named_place, help="The shards: a folder, or s3://BUCKET/PREFIX.")]
CaptionsFile = Annotated[
    Path | None,
    typer.Option(help="Captions by people in the same form: how likely a match is, is fitted to what they say."),
]
Keep = Annotated[int, typer.Option(min=1, help="How many generations before the new one stay, for lookwhy rollback.")]
IvfFrom = Annotated[
    int | None,
    typer.Option(min=1, help="From so many pictures on, searches look through the nearest clusters; 50,000 if not said."),
]
NOT_OF_SHARDS = {"publish_every", "given_captions", "calibration", "keep", "forget_below", "ivf_from", "reuse"}
NOT_OF_AN_ENGINE = {"keep", "ivf_from", "no_previews", "forget"}


@app.command(context_settings=ONE_FOLDER)
def index(
    context: typer.Context,
    folder: Annotated[
        str,
        typer.Argument(
            parser=named_place,
            help="The folder of pictures; its subfolders count. With --cluster also s3://BUCKET/PREFIX, or LIST.parquet.",
        ),
    ],
    models: ModelsDir = None,
    out: Annotated[
        str | None,
        typer.Option("--out", parser=named_place, help="The index's folder; with --cluster, where the shards go."),
    ] = None,
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
    calibration: CaptionsFile = None,
    device: Annotated[
        Literal["cpu", "cuda"],
        typer.Option(help="cuda: run the models on a GPU, with onnxruntime-gpu and models of --precision fp32."),
    ] = "cpu",
    keep: Keep = 1,
    no_previews: Annotated[
        bool, typer.Option("--no-previews", help="Make no small copies of the pictures, which take 360 KB for a photo.")
    ] = False,
    forget: Annotated[
        bool,
        typer.Option(
            "--forget",
            help="Remove pictures that are not here: on a drive that is not mounted, or of another folder, to replace it.",
        ),
    ] = False,
    forget_below: Annotated[
        list[Path] | None, typer.Option(help="The same for one folder only; may be given several times.")
    ] = None,
    ivf_from: IvfFrom = None,
    reuse: Annotated[
        Path | None,
        typer.Option(
            metavar="INDEX",
            help="Take captions, previews and text over from another index of the same pictures, as of another encoder.",
        ),
    ] = None,
    places: PlacesTable = None,
    exclude: Excluded = None,
    include_hidden: IncludeHidden = False,
    cluster: Annotated[
        str | None,
        typer.Option(help='Make shards on a Ray cluster: "auto", ray://HOST:10001 or HOST:6379. Needs the extra `cluster`.'),
    ] = None,
    actors: Annotated[
        int | None, typer.Option(min=1, help="With --cluster: how many processes hold models; else one for each CPU.")
    ] = None,
) -> None:
    """Embed, then caption a folder of pictures. Run again, it goes on, or touches only what was changed since."""
    with told_errors():
        refuse_more(context, folder)
        from export.index.build import BuildOptions, build_index
        from export.index.captions.file import read_given_captions
        from export.index.chosen_models import choose_models, open_models
        from export.index.folder.excluded_files import ExclusionRules
        from export.index.folder.scan import usable_root
        from export.index.photos.places import find_table
        from export.index.summary import tell_next_steps
        from export.index.text.models import find_text_reader
        from export.index.unreachable_pictures import named_folders

        left_out = tuple(exclude or ())
        if cluster is None:
            root = usable_root(Path(folder), Path(out) if out else OWN_INDEX)
            ExclusionRules(root, left_out)  # said before anything of models
        if cluster is not None:
            from rich.console import Console

            from export.cluster.build import ShardOptions, build_shards
            from export.cluster.ray_cluster import RayCluster
            from export.cluster.sources import Rules

            _refuse_given(context, NOT_OF_SHARDS, "with --cluster; it is of `lookwhy load`, or of a build on one machine")
            made = ShardOptions(captions=captions == "now", text=text == "now", previews=not no_previews, device=device)
            rules = Rules(left_out, include_hidden=include_hidden)
            made = replace(made, places=find_table(places), rules=rules, forget=forget)
            models, shards_dir = choose_models(models), out or OWN_SHARDS
            tell(f"Models: {name_models(models)}. Shards: {shards_dir}.")
            connect = partial(RayCluster, cluster, actors=actors)
            build_shards(folder, shards_dir, models, connect=connect, options=made, console=Console(stderr=True))
            tell(f"Next: {_program(context)} load {shards_dir} --store faiss:{OWN_INDEX}")
            return
        _refuse_given(context, {"actors"}, "without --cluster")
        pictures, index_dir = Path(folder), Path(out) if out is not None else OWN_INDEX
        options = BuildOptions(captions_later=captions == "later", publish_every_s=60 * publish_every, keep=keep)
        options = replace(options, previews=not no_previews)
        options = replace(options, forget=named_folders(pictures, forget_below or (), everywhere=forget))
        options = replace(options, places=find_table(places), reuse=reuse)
        options = replace(options, exclude=left_out, include_hidden=include_hidden)
        if text:
            options = replace(
                options, text_later=text == "later", open_text_reader=find_text_reader(index_dir) if text == "now" else None
            )
        if ivf_from is not None:
            options = replace(options, ivf_from=ivf_from)
        if given_captions is not None:
            options = replace(options, given_captions=read_given_captions(given_captions, pictures))
        if calibration is not None:
            options = replace(options, labels=read_given_captions(calibration, pictures))
        models = choose_models(models)
        tell(f"Models: {name_models(models)}. Index: {index_dir}.")
        build_index(pictures, index_dir, models=open_models(models, device), options=options)
        tell_next_steps(_program(context), models, index_dir)


@app.command()
def load(
    context: typer.Context,
    shards: Shards,
    store: Annotated[
        str,
        typer.Option(help="faiss:FOLDER, an index's folder on this machine; or an engine's address."),
    ],
    models: ModelsDir = None,
    calibration: CaptionsFile = None,
    keep: Keep = 1,
    ivf_from: IvfFrom = None,
    no_previews: Annotated[bool, typer.Option("--no-previews", help="Do not copy the previews beside the shards.")] = False,
    places: PlacesTable = None,
    forget: Annotated[bool, typer.Option("--forget", help="Replace the index of another library.")] = False,
) -> None:
    """Load shards into what searches them, beside what is there, then in its place. Embeds no picture again."""
    with told_errors():
        from rich.console import Console

        from export.cluster.load.run import Loading, check_store, load_shards
        from export.cluster.load.to_faiss import LoadOptions
        from export.cluster.shards import read_shards_manifest
        from export.index.captions.file import read_given_captions
        from export.index.chosen_models import choose_models, open_models
        from export.index.photos.places import find_table
        from export.index.summary import tell_next_steps

        check_store(store)  # these are said before anything of models
        if not store.startswith("faiss:"):
            _refuse_given(context, NOT_OF_AN_ENGINE, f"with --store {store}")
        read_shards_manifest(shards)
        options = LoadOptions(previews=not no_previews, keep=keep, places=find_table(places), forget=forget)
        if ivf_from is not None:
            options = replace(options, ivf_from=ivf_from)
        if calibration is not None:
            options = replace(options, labels=read_given_captions(calibration, _pictures_of(shards)))
        folder = choose_models(models)
        tell(f"Models: {name_models(folder)}. Store: {store}.")
        load_shards(Loading(shards, store, open_models(folder), options, Console(stderr=True)))
        if store.startswith("faiss:"):
            tell_next_steps(_program(context), folder, Path(store.removeprefix("faiss:")))


@app.command()
def shards(
    index: RuntimeIndex = None,
    out: Annotated[
        str, typer.Option("--out", parser=named_place, help="Where the shards go: a folder, or s3://BUCKET/PREFIX.")
    ] = OWN_SHARDS,
) -> None:
    """Make shards of an index, to move its library to another engine. Embeds and captions nothing again."""
    with told_errors():
        from rich.console import Console

        from export.cluster.from_index import shards_of_index

        shards_of_index(Settings.read(index_dir=index).artefact_dirs()[1], out, Console(stderr=True))


def _refuse_given(context: typer.Context, names: Collection[str], why: str) -> None:
    """Refuse options that were given where they mean nothing.

    Raises:
        OptionUnfit: one was.
    """
    for name in sorted(names):
        source = context.get_parameter_source(name)
        if source is not None and source.name != "DEFAULT":
            raise OptionUnfit(f"--{name.replace('_', '-')}", why)


def _program(context: typer.Context) -> str:
    return context.find_root().info_name or "lookwhy"


def _pictures_of(shards: str) -> Path:
    """Return where the pictures of shards lie, for the names in a file of captions."""
    from export.cluster.shards import read_shards_manifest

    return Path(read_shards_manifest(shards).pictures_dir)
