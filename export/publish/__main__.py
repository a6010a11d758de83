"""Artefacts, pictures and the page -> the buckets of the deployed stack: `python -m export.publish index --stack lookwhy`.

Models and index are checked by `export/verify` before anything is sent. The manifest is written last: a reader of the bucket
sees the old index or the new one, never half of it. The files of the manifest before are kept until the next time, for a
function that has just read it. At the end the function is restarted, as a running one keeps the index that it opened.
"""

from pathlib import Path
from typing import Annotated, TypeVar

import typer
from pydantic import ValidationError

from export.publish.pictures import publish_originals, publish_previews
from export.publish.positions import without_positions
from export.publish.s3 import S3Folder, read_outputs, start_anew
from runtime.artefacts.manifest import (
    MANIFEST_NAME,
    IndexManifest,
    ModelsManifest,
    read_index_manifest,
    read_models_manifest,
)
from runtime.library.catalog import Library
from runtime.library.kept_previews import Previews
from runtime.settings import OWN_INDEX, OWN_MODELS, Settings, models_folder
from runtime.terminal import run_command_line, told_errors
from runtime.web.service_worker import SERVICE_WORKER, versioned_service_worker

API_BASE = '<meta name="api-base" content="{}">'  # where frontend/index.html says where its API is
ALWAYS_ASKED = "no-cache"
M = TypeVar("M", ModelsManifest, IndexManifest)

app = typer.Typer(help="Publish to the deployed stack.", no_args_is_help=True, pretty_exceptions_enable=False)
Stack = Annotated[str, typer.Option(help="The deployed stack's name.")]
Index = Annotated[Path, typer.Option("--index", help="The index's folder.")]


@app.command()
def index(
    stack: Stack = "lookwhy",
    folder: Index = OWN_INDEX,
    with_positions: Annotated[
        bool, typer.Option("--with-positions", help="Keep where photos were taken, to the metre; else towns alone.")
    ] = False,
) -> None:
    """Publish an index, and let the function start anew with it."""
    with told_errors():
        from export.verify.run import refuse_damaged_index

        refuse_damaged_index(folder)
        manifest, outputs = read_index_manifest(folder), read_outputs(stack)
        sent = publish_index(folder, manifest, S3Folder(outputs["IndexUrl"]), with_positions=with_positions)
        start_anew(outputs["FunctionName"], f"Index {manifest.generation} of {manifest.count} pictures")
        typer.echo(f"Index {manifest.generation}: {sent} files sent to {outputs['IndexUrl']}.")


@app.command()
def models(
    stack: Stack = "lookwhy",
    folder: Annotated[
        Path, typer.Option("--models", parser=models_folder, metavar="FOLDER", help="Their folder.")
    ] = OWN_MODELS,
) -> None:
    """Publish models. Unless the index there was made with them, publish theirs right after."""
    with told_errors():
        from export.verify.run import refuse_damaged_models

        refuse_damaged_models(folder)
        manifest, url = read_models_manifest(folder), read_outputs(stack)["ModelsUrl"]
        typer.echo(f"Models: {publish_artefact(folder, manifest, S3Folder(url))} files sent to {url}.")


@app.command()
def pictures(
    stack: Stack = "lookwhy",
    folder: Index = OWN_INDEX,
    originals: Annotated[
        bool, typer.Option("--originals", help="The pictures themselves, too, without metadata where they are public.")
    ] = False,
) -> None:
    """Publish the previews of an index's pictures that are new; with --originals also the pictures."""
    with told_errors():
        settings, outputs = Settings.read(), read_outputs(stack)
        library = Library.open(folder, read_index_manifest(folder))
        library.previews = Previews(folder)
        sent = publish_previews(library, S3Folder(outputs["PreviewsUrl"]))
        typer.echo(f"Previews: {sent} sent to {outputs['PreviewsUrl']}.")
        if originals:
            shown, url = outputs["PicturesArePublic"] == "true", outputs["ImagesUrl"]
            with_metadata = settings.originals_with_exif
            sent = publish_originals(library, S3Folder(url), shown=shown, with_metadata=with_metadata)
            typer.echo(f"Pictures: {sent} sent to {url}.")


@app.command()
def page(stack: Stack = "lookwhy") -> None:
    """Publish the page; it asks the stack's function."""
    with told_errors():
        outputs = read_outputs(stack)
        publish_page(Settings.read().frontend_dir, S3Folder(outputs["PageUrl"]), outputs["FunctionUrl"])
        typer.echo(f"The page is at {outputs.get('PageAddress', outputs['PageUrl'])}")


def publish_artefact(folder: Path, manifest: M, there: S3Folder) -> int:
    """Return how many files were sent: those of `manifest` that do not lie there yet, then the manifest itself.

    Raises:
        RemoteRefused: AWS did not take one; what was published before is still whole.
    """
    present = there.paths()
    before = _read_manifest(there, type(manifest)) if MANIFEST_NAME in present else None
    new = [file for file in manifest.files() if file.path not in present or there.sha256(file.path) != file.sha256]
    for file in new:
        there.write(file.path, folder / file.path, cache=ALWAYS_ASKED, sha256=file.sha256)
    there.write(MANIFEST_NAME, folder / MANIFEST_NAME, cache=ALWAYS_ASKED)
    kept = {MANIFEST_NAME} | {file.path for known in (manifest, before) if known for file in known.files()}
    there.remove(path for path in present if path not in kept)
    return len(new)


def publish_index(folder: Path, manifest: IndexManifest, there: S3Folder, *, with_positions: bool = False) -> int:
    """Publish an index as `publish_artefact` does; positions where photos were taken go along only `with_positions`."""
    if with_positions:
        return publish_artefact(folder, manifest, there)
    with without_positions(folder, manifest) as (published, its_manifest):
        return publish_artefact(published, its_manifest, there)


def publish_page(frontend: Path, there: S3Folder, api: str) -> None:
    """Publish the page's files, then the page, which says that its API is at `api`.

    Last goes the service worker: who sees its new version keeps all that lies there then.
    """
    for file in sorted(path for path in frontend.rglob("*") if path.is_file()):
        there.write(f"static/{file.relative_to(frontend).as_posix()}", file, cache=ALWAYS_ASKED)
    html = (frontend / "index.html").read_text("utf-8").replace(API_BASE.format(""), API_BASE.format(api.rstrip("/")))
    there.write("index.html", html.encode(), cache=ALWAYS_ASKED)
    there.write(SERVICE_WORKER, versioned_service_worker(frontend).encode(), cache=ALWAYS_ASKED)


def _read_manifest(there: S3Folder, form: type[M]) -> M | None:
    try:
        return form.model_validate_json(there.read(MANIFEST_NAME))
    except ValidationError:  # of another version of this program; its files go
        return None


if __name__ == "__main__":
    run_command_line(app, "python -m export.publish")
