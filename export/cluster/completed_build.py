"""The end of a build of shards: every row is checked to be there once, the manifest written, and what is old removed."""

from collections.abc import Sequence
from secrets import token_hex

import numpy as np
from numpy.typing import NDArray
from rich.console import Console

from export.cluster.errors import ShardsUnusable
from export.cluster.plan import LastShards, Remaining
from export.cluster.rows import failure_of, skipped_of
from export.cluster.shard_files import BUILDING, count_rows, names_in, parquet_names, put_manifest, put_table, remove
from export.cluster.shards import (
    FAILURES,
    PICTURES,
    ShardFile,
    ShardsManifest,
    failures_schema,
    image_id_of,
    import_pyarrow,
    open_folder,
    read_shards_manifest,
)
from export.cluster.sources import Source
from export.index.folder.found import SkippedImage
from export.index.folder.skipped_report import print_skipped
from runtime.artefacts.manifest import MANIFEST_NAME


def finish(
    shards: str, source: Source, last: LastShards, remaining: Remaining, blank: ShardsManifest, console: Console
) -> ShardsManifest:
    """Write the manifest over all files that count now, remove the others, and say what was done.

    Args:
        shards: where they are.
        source: what they are made of.
        last: what was there before.
        remaining: what was to be done.
        blank: the manifest without files.
        console: where that goes.

    Raises:
        ShardsUnusable: a row is there twice, or is lacking.
        OSError: the manifest cannot be written; the shards are as they were before.
    """
    kept = last.manifest.pictures if last.manifest and not last.refill else ()
    in_force = read_shards_manifest(shards) if MANIFEST_NAME in names_in(shards) else None  # other models may have made it
    before = {file.name for file in in_force.pictures} if in_force else set()
    made = count_rows(shards, [name for name in parquet_names(shards, PICTURES) if name not in before])
    failures = _all_failures(shards, remaining)
    ids = _read_ids(shards, made)
    foreign = _check(shards, ids, remaining, failures)
    gone = sorted({*(() if last.refill else remaining.gone), *foreign})
    run = token_hex(4)
    manifest = blank.model_copy(
        update={
            "pictures": (*kept, *made),
            "count": sum(file.rows for file in (*kept, *made)) - len(gone),
            "failed": len(failures),
            "failures": (_put_failures(shards, f"{FAILURES}-{run}.parquet", failures),) if failures else (),
            "gone": _put_gone(shards, f"gone-{run}.parquet", gone),
        }
    )
    if last.manifest and not last.refill:  # what was made before stays made
        wanted = {"captioned": last.manifest.captioned, "text_read": last.manifest.text_read}
        manifest = manifest.model_copy(update={name: value and getattr(blank, name) for name, value in wanted.items()})
    put_manifest(shards, manifest)
    _remove_old(shards, manifest)
    print_skipped(failures, console)
    lines = [f"{manifest.count:,} pictures in {shards}, {len(manifest.pictures):,} files.", *source.left_out]
    for line in lines:
        console.print(line, highlight=False, markup=False)
    return manifest


def _all_failures(shards: str, remaining: Remaining) -> list[SkippedImage]:
    from pyarrow.parquet import read_table

    filesystem, folder = open_folder(shards)
    found = {one.name: one for one in remaining.failures}
    for name in names_in(shards, f"{BUILDING}/failed"):
        table = read_table(f"{folder}/{BUILDING}/failed/{name}", filesystem=filesystem)
        found |= {row["path"]: skipped_of(row) for row in table.to_pylist()}
    return [found[name] for name in sorted(found)]


def _read_ids(shards: str, files: Sequence[ShardFile]) -> NDArray[np.int64]:
    from pyarrow.parquet import read_table

    filesystem, folder = open_folder(shards)
    columns = [read_table(f"{folder}/{file.name}", filesystem=filesystem, columns=["image_id"]) for file in files]
    return np.concatenate([np.empty(0, np.int64), *(table["image_id"].to_numpy() for table in columns)])


def _check(shards: str, ids: NDArray[np.int64], remaining: Remaining, failures: Sequence[SkippedImage]) -> set[int]:
    """Return the ids of rows that a run before this one made of pictures that have changed or left since.

    Raises:
        ShardsUnusable: a row is there twice, or a picture has neither a row nor a failure.
    """
    there, counts = np.unique(ids, return_counts=True)
    if (counts > 1).any():
        raise ShardsUnusable(shards, f"{int((counts > 1).sum()):,} pictures are in it twice; remove it and build it anew")
    moved = ((image.image_path, sha256) for sha256, images in remaining.moved.items() for image in images)
    new = ((image.image_path, sha256) for image, sha256 in remaining.new)
    wanted = {image_id_of(sha256, path): path for path, sha256 in (*moved, *new)}
    failed = {one.name for one in failures}
    present = set(there.tolist())
    lacking = [path for image_id, path in wanted.items() if image_id not in present and path not in failed]
    if lacking:
        raise ShardsUnusable(shards, f"{len(lacking):,} pictures are lacking, such as {lacking[0]}; give the command again")
    return present - wanted.keys()


def _put_failures(shards: str, name: str, failures: Sequence[SkippedImage]) -> ShardFile:
    rows = [failure_of(one) for one in failures]
    return put_table(shards, name, import_pyarrow().Table.from_pylist(rows, schema=failures_schema()))


def _put_gone(shards: str, name: str, gone: Sequence[int]) -> str | None:
    if not gone:
        return None
    pa = import_pyarrow()
    put_table(shards, name, pa.table({"image_id": pa.array(gone, pa.int64())}))
    return name


def _remove_old(shards: str, manifest: ShardsManifest) -> None:
    """Remove the files that no manifest names any more, and what the build worked with."""
    named = {file.name for file in (*manifest.pictures, *manifest.failures)} | {manifest.gone}
    old = [name for kind in (PICTURES, FAILURES, "gone") for name in parquet_names(shards, kind) if name not in named]
    remove(shards, [BUILDING, *old])
