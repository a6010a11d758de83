"""Artefacts, pictures and the page -> the buckets of the deployed stack: `python -m export.publish release`.

Models and index are checked by `export/verify` before anything is sent. A release is put into force by one write, and
functions that run take it up by themselves (`runtime/web/live_engine.py`).
"""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from export.publish.s3 import S3Folder, read_outputs
from runtime.settings import OWN_INDEX, Settings, models_folder
from runtime.terminal import run_command_line, told_errors
from runtime.web.routes.service_worker import SERVICE_WORKER, versioned_service_worker

if TYPE_CHECKING:
    from export.publish.release import ReleaseAddresses
    from runtime.artefacts.releases.release_file import ReleaseRecord

API_BASE = '<meta name="api-base" content="{}">'  # where frontend/index.html says where its API is
ALWAYS_ASKED = "no-cache"

app = typer.Typer(help="Publish to the deployed stack.", no_args_is_help=True, pretty_exceptions_enable=False)
Stack = Annotated[str, typer.Option(help="The deployed stack's name.")]


@app.command()
def release(
    stack: Stack = "lookwhy",
    folder: Annotated[Path, typer.Option("--index", help="The index's folder.")] = OWN_INDEX,
    models: Annotated[
        Path | None,
        typer.Option(parser=models_folder, metavar="FOLDER", help="Publish these models, too; else those there stay."),
    ] = None,
    originals: Annotated[
        bool | None,
        typer.Option(
            "--originals/--no-originals",
            help="The pictures themselves, too, without metadata where they are public; as before unless you say.",
        ),
    ] = None,
    with_positions: Annotated[
        bool, typer.Option("--with-positions", help="Keep where photos were taken, to the metre; else towns alone.")
    ] = False,
) -> None:
    """Publish an index, its previews and, if named, models and pictures, and put all into force at once."""
    with told_errors():
        from export.publish.pictures import OriginalsForm
        from export.publish.release import ReleaseContents, publish_release
        from export.publish.removal import remove_old
        from export.verify.run import refuse_damaged_index, refuse_damaged_models

        refuse_damaged_index(folder)
        if models:
            refuse_damaged_models(models)
        settings, outputs = Settings.read(), read_outputs(stack)
        form = OriginalsForm(outputs["PicturesArePublic"] == "true", settings.originals_with_exif)
        there = _addresses(outputs)
        contents = ReleaseContents(folder, models, originals, form, with_positions)
        state, sent = publish_release(contents, there, Console(stderr=True))
        typer.echo(f"Release {state.number} is in force: {_what(sent.release)}.")
        typer.echo(f"Sent: {sent.files:,} files, {sent.previews:,} previews, {sent.originals:,} pictures.")
        typer.echo(f"Removed: {remove_old(state, there):,} old files.")


@app.command(name="list")
def list_releases(stack: Stack = "lookwhy") -> None:
    """List the release in force, and those that one can go back to, the newest first."""
    with told_errors():
        from export.publish.release_state import read_state

        outputs = read_outputs(stack)
        state = read_state(S3Folder(outputs["IndexUrl"]))
        for at, one in enumerate(state.kept):
            again = f", release {one.repeats} again" if one.repeats else ""
            typer.echo(f"{one.number}  {one.published}  {_what(one)}{again}{'' if at else ', in force'}")
        if not state.kept:
            typer.echo(f"No release was published to {outputs['IndexUrl']} yet: lookwhy publish release.")


@app.command()
def rollback(
    stack: Stack = "lookwhy",
    to: Annotated[int | None, typer.Option(help="The number of a release that is listed; else the one before.")] = None,
) -> None:
    """Put a release before into force again, under a new number. To run it again undoes it."""
    with told_errors():
        from export.publish.release import roll_back

        current = roll_back(_addresses(read_outputs(stack)), to).current
        if current:
            typer.echo(f"Release {current.number} is in force: release {current.repeats} again, {_what(current)}.")


@app.command()
def prune(
    stack: Stack = "lookwhy",
    current_alone: Annotated[
        bool, typer.Option("--current-alone", help="Keep the release in force alone: nothing to go back to, nothing old.")
    ] = False,
    old_layout: Annotated[
        bool, typer.Option("--old-layout", help="Also what versions without releases published, once no such function runs.")
    ] = False,
) -> None:
    """Remove files and pictures that no release names which is in force or was lately; each release does that, too."""
    with told_errors():
        from export.publish.release_state import read_state
        from export.publish.removal import keep_current_alone, remove_layout_before, remove_old

        there = _addresses(read_outputs(stack))
        state = read_state(there.index)
        if current_alone:
            state, removed = keep_current_alone(state, there)
        else:
            removed = remove_old(state, there)
        removed += remove_layout_before(state, there) if old_layout else 0
        typer.echo(f"Removed: {removed:,} old files.")


@app.command()
def page(stack: Stack = "lookwhy") -> None:
    """Publish the page; it asks the stack's function."""
    with told_errors():
        outputs = read_outputs(stack)
        publish_page(Settings.read().frontend_dir, S3Folder(outputs["PageUrl"]), outputs["FunctionUrl"])
        typer.echo(f"The page is at {outputs.get('PageAddress', outputs['PageUrl'])}")


def publish_page(frontend: Path, there: S3Folder, api: str) -> None:
    """Publish the page's files, then the page, which says that its API is at `api`.

    What is hidden stays here. Last goes the service worker: who sees its new version keeps all that lies there then.
    """
    files = (path for path in frontend.rglob("*") if path.is_file())
    for file in sorted(path for path in files if not any(part[0] == "." for part in path.relative_to(frontend).parts)):
        there.write(f"static/{file.relative_to(frontend).as_posix()}", file, cache=ALWAYS_ASKED)
    html = (frontend / "index.html").read_text("utf-8").replace(API_BASE.format(""), API_BASE.format(api.rstrip("/")))
    there.write("index.html", html.encode(), cache=ALWAYS_ASKED)
    there.write(SERVICE_WORKER, versioned_service_worker(frontend).encode(), cache=ALWAYS_ASKED)


def _addresses(outputs: Mapping[str, str]) -> "ReleaseAddresses":
    from export.publish.release import ReleaseAddresses

    folders = (S3Folder(outputs[name]) for name in ("IndexUrl", "ModelsUrl", "PreviewsUrl", "ImagesUrl"))
    return ReleaseAddresses(*folders)


def _what(release: "ReleaseRecord") -> str:
    models = release.models.clip.title if release.models else "the function's own"
    return f"index {release.index.generation} of {release.index.count:,} pictures, models: {models}"


if __name__ == "__main__":
    run_command_line(app, "python -m export.publish")
