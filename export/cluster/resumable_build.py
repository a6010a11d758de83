"""What a build of shards that is not at its end leaves beside them, so that the next run goes on."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from rich.console import Console

from export.cluster.errors import ShardsUnusable
from export.cluster.shard_files import BUILDING, names_in, parquet_names, put_file, remove
from export.cluster.shards import PICTURES, open_folder, read_shards_manifest
from export.errors import unwritable_refused
from export.index.folder.found import FoundImage, SkippedImage
from runtime.artefacts.file_record import Record
from runtime.artefacts.manifest import MANIFEST_NAME

TO_MAKE, HASHED, TO_HASH = f"{BUILDING}/to_make", f"{BUILDING}/hashed", f"{BUILDING}/to_hash"
STARTED = f"{BUILDING}/started.json"
PENDING = ".pending."  # in the name of a note whose file of rows may not be whole
CHANGED = "it changed while it was being read"


class Started(Record):
    """What a build that is not at its end was begun with; another must not go on with its rows."""

    models: dict[str, str]
    captions: bool
    text: bool
    previews: bool


def resume_or_begin(shards: str, own: Started, console: Console) -> None:
    """Note what a build is begun with, or go on with an unfinished one; what one with other models left is removed.

    Raises:
        ShardsUnusable: an unfinished one had other options.
        OutputUnwritable: the shards cannot be written.
    """
    before = _read_started(shards)
    if before == own:
        console.print("A build that was not at its end goes on.", style="yellow")
        with unwritable_refused(Path(shards)):
            remove(shards, [TO_MAKE, TO_HASH])
        return
    if before and before.models == own.models:
        said = ", ".join(f"{name}: {value}" for name, value in before.model_dump(exclude={"models"}).items())
        reason = f"a build of it is not at its end, and was begun with other options ({said}); give those, and let it end"
        raise ShardsUnusable(shards, reason)
    with unwritable_refused(Path(shards)):
        manifest = read_shards_manifest(shards) if MANIFEST_NAME in names_in(shards) else None
        counted = {file.name for file in manifest.pictures} if manifest else set()
        remove(shards, [*(name for name in parquet_names(shards, PICTURES) if name not in counted), BUILDING])
        put_file(shards, STARTED, own.model_dump_json().encode())


def read_hashes(hashed: str, images: Sequence[FoundImage]) -> tuple[dict[str, str], list[SkippedImage]]:
    """Return the sha256 of pictures by path, and those that could not be read, or are no longer what was listed."""
    from pyarrow.parquet import read_table

    filesystem, folder = open_folder(hashed)
    rows = {
        (row["path"], row["bytes"], row["mtime_ns"]): row
        for name in names_in(hashed)
        for row in read_table(f"{folder}/{name}", filesystem=filesystem).to_pylist()
    }
    hashes, unreadable = {}, []
    for image in images:
        row = rows.get((image.image_path, image.bytes, image.mtime_ns))
        if row and row["sha256"]:
            hashes[image.image_path] = row["sha256"]
        else:
            unreadable.append(SkippedImage(image.image_path, row["reason"] if row else CHANGED))
    return hashes, unreadable


def read_done(shards: str, notes: str, id_column: str) -> set[Any]:
    """Return the ids of the rows that an unfinished step has written, by Ray's own notes of them."""
    from pyarrow.parquet import read_table

    filesystem, folder = open_folder(f"{shards}/{notes}")
    names = [name for name in names_in(shards, notes) if PENDING not in name]
    return {
        one
        for name in names
        for one in read_table(f"{folder}/{name}", filesystem=filesystem, columns=[id_column])[id_column].to_pylist()
    }


def _read_started(shards: str) -> Started | None:
    filesystem, folder = open_folder(shards)
    try:
        with filesystem.open_input_stream(f"{folder}/{STARTED}") as file:
            return Started.model_validate_json(file.read())
    except (FileNotFoundError, ValidationError):
        return None
