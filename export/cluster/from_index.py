"""An index on this machine to shards, so that another engine can serve it: nothing is embedded or captioned again."""

from contextlib import closing
from pathlib import Path
from secrets import token_hex
from typing import Any

import numpy as np
from rich.console import Console

from export.cluster.copy_previews import give_previews
from export.cluster.errors import ShardsUnusable
from export.cluster.rows import facts_columns, failure_of, found_in, new_row
from export.cluster.same_ids import IdsTaken
from export.cluster.shard_files import file_name, names_in, parquet_names, put_manifest, put_table, remove
from export.cluster.shards import (
    FAILURES,
    PICTURES,
    ShardFile,
    ShardsManifest,
    failures_schema,
    image_id_of,
    import_pyarrow,
    pictures_schema,
)
from export.console import progress_bar
from export.errors import unwritable_refused
from export.index.catalog import IndexedImage
from export.index.folder.found import SkippedImage
from export.index.folder.skipped_report import print_skipped
from export.index.generations.last_generation import Generation
from export.index.generations.salvage import last_generation
from export.index.photos.signatures import Signatures
from runtime.artefacts.manifest import MANIFEST_NAME
from runtime.library.previews.preview_files import PREVIEWS_NAME

ROWS = 65_536  # of a file: 150 MB at dimension 512
AT_ONCE = 1024  # rows between two looks into the stores


def shards_of_index(index_dir: Path, shards: str, console: Console) -> ShardsManifest:
    """Write all that an index holds as shards, and return their manifest.

    What is damaged of the index is left out, and said.

    Args:
        index_dir: the index's folder.
        shards: a folder or an s3:// address that holds nothing, or shards, which are replaced.
        console: where progress goes.

    Raises:
        ShardsUnusable: the index holds nothing, or something else lies there.
        OutputUnwritable: the shards cannot be written.
        ExtraMissing: pyarrow is not installed.
    """
    import_pyarrow()
    index = last_generation(index_dir, console)
    if index.manifest is None or not index.catalog.rows:
        raise ShardsUnusable(shards, f"{index_dir} holds no index to make them of; name one with --index")
    there = names_in(shards)
    if there and MANIFEST_NAME not in there:
        raise ShardsUnusable(shards, f"something else lies there ({there[0]}); name a folder of its own with --out")
    run = token_hex(4)
    with unwritable_refused(Path(shards)), closing(Signatures(index_dir)) as signatures:
        rows, refused = _rows_with_ids(index)
        pictures = _put_pictures(index, rows, shards, run, signatures, console)
        skipped = [failure_of(one) for one in (*index.catalog.skipped, *refused)]
        failed = import_pyarrow().Table.from_pylist(skipped, schema=failures_schema())
        failures = (put_table(shards, file_name(FAILURES, 0, run), failed),) if skipped else ()
        has_previews = (index_dir / PREVIEWS_NAME).is_dir()
        if has_previews:
            give_previews(index_dir, shards, (row.sha256 for row in index.catalog.rows), console)
        manifest = ShardsManifest(
            pictures_dir=index.manifest.images_dir,
            models=index.manifest.models,
            dimension=index.manifest.dimension,
            count=sum(file.rows for file in pictures),
            failed=len(skipped),
            pictures=tuple(pictures),
            failures=failures,
            decode=index.manifest.decode,
            captioned=all(row.caption is not None for row in index.catalog.rows),
            text_read=all(row.sha256 in index.catalog.texts for row in index.catalog.rows),
            previews=has_previews,
            listed_ns=index.catalog.scanned_ns,
        )
        put_manifest(shards, manifest)
        print_skipped(refused, console)
        remove(
            shards,
            [name for kind in (PICTURES, FAILURES, "gone") for name in parquet_names(shards, kind) if run not in name],
        )
    console.print(f"{manifest.count:,} pictures in {shards}. Next: lookwhy load {shards} --store ...", highlight=False)
    return manifest


def _rows_with_ids(index: Generation) -> tuple[list[IndexedImage], list[SkippedImage]]:
    """Return the rows that can be in shards, and why some others cannot."""
    taken, rows, refused = IdsTaken({}), list[IndexedImage](), list[SkippedImage]()
    for row in index.catalog.rows:
        if not row.sha256 or row.id in index.lost:
            continue
        why = taken.why_taken(image_id_of(row.sha256, row.image_path), found_in(row), row.sha256)
        if why:
            refused.append(why)
        else:
            rows.append(row)
    return rows, refused


def _put_pictures(
    index: Generation, rows: list[IndexedImage], shards: str, run: str, signatures: Signatures, console: Console
) -> list[ShardFile]:
    pa = import_pyarrow()
    dimension = index.manifest.dimension if index.manifest else 0
    files = []
    with progress_bar(console, "Shards", len(rows)) as advance:
        for number, start in enumerate(range(0, len(rows), ROWS)):
            part = rows[start : start + ROWS]
            tables = []
            for at in range(0, len(part), AT_ONCE):
                made = _rows(index, part[at : at + AT_ONCE], signatures)
                tables.append(pa.Table.from_pylist(made, schema=pictures_schema(dimension)))
                advance(len(made))
            files.append(put_table(shards, file_name(PICTURES, number, run), pa.concat_tables(tables)))
    return files


def _rows(index: Generation, rows: list[IndexedImage], signatures: Signatures) -> list[dict[str, Any]]:
    vectors = index.vectors_of([row.id for row in rows]).astype(np.float16)
    captioned = [row.id for row in rows if row.caption and index.captions and row.id not in index.lost_captions]
    of_captions = dict(zip(captioned, index.caption_vectors_of(captioned).astype(np.float16), strict=True))
    signed = [row.sha256 for row in rows if row.sha256 in signatures]
    greys = {sha256: one.tobytes() for sha256, one in zip(signed, signatures.greys_of(signed), strict=True) if one.any()}
    return [
        new_row(found_in(row), row.sha256)
        | facts_columns(index.catalog.facts_of(row))
        | {
            "width": row.width,
            "height": row.height,
            "embedding": vector,
            "caption": row.caption,
            "caption_embedding": of_captions.get(row.id),
            "text": index.catalog.texts.get(row.sha256),
            "caption_source": row.caption_source,
            "other_captions": list(row.other_captions),
            "made_caption": row.made_caption,
            "greys": greys.get(row.sha256),
        }
        for row, vector in zip(rows, vectors, strict=True)
    ]
