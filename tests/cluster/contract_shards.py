"""The library of the stores' contract as shards, and the manifest that a load of it makes."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from pyarrow import parquet

from export.cluster.shards import MANIFEST_NAME, ShardFile, ShardsManifest, pictures_schema
from export.cluster.tables import NameCounts, write_tables
from runtime.stores.remote_manifest import SAMPLED_MAX, RemoteManifest, packed_tables
from tests.runtime.stores.contract_library import (
    CAPTIONS,
    DIMENSION,
    PICTURES,
    TOWN_NAMES,
    captioned,
    contract_facts,
    contract_rows,
    contract_texts,
    vectors,
)


def contract_columns() -> list[dict[str, Any]]:
    """Return the pictures as rows of shards."""
    have_caption, texts = set(captioned()), contract_texts()
    return [
        {
            "image_id": row.id,
            "path": row.image_path,
            "sha256": row.sha256,
            "width": row.width,
            "height": row.height,
            "bytes": row.bytes,
            "mtime_ns": row.mtime_ns,
            "caption": row.caption,
            "caption_source": row.caption_source,
            "other_captions": list(row.other_captions),
            "embedding": vectors(PICTURES)[at].astype(np.float16),
            "caption_embedding": vectors(CAPTIONS)[at].astype(np.float16) if at in have_caption else None,
            "text": texts.get(row.sha256),
            **{name: getattr(facts, name) for name in FACTS},
            "keywords": list(facts.keywords),
        }
        for at, row in enumerate(contract_rows())
        for facts in [contract_facts()[row.id]]
    ]


FACTS = (*("taken", "taken_source", "offset_minutes", "camera", "latitude", "longitude", "place", "country", "rating"),)


def write_shards(folder: Path, columns: Sequence[dict[str, Any]], dimension: int = DIMENSION, files: int = 3) -> Path:
    """Write rows as shards, and return their folder."""
    folder.mkdir(parents=True, exist_ok=True)
    schema, written = pictures_schema(dimension), []
    for number in range(files):
        some = columns[number::files]
        table = pa.Table.from_pylist([{name: row.get(name) for name in schema.names} for row in some], schema)
        name = f"pictures-{number:05}.parquet"
        parquet.write_table(table, folder / name)
        written.append(ShardFile(name=name, rows=len(some)))
    manifest = ShardsManifest(
        pictures_dir=".", models={"clip": "0" * 64}, dimension=dimension, count=len(columns), pictures=tuple(written)
    )
    (folder / MANIFEST_NAME).write_text(manifest.model_dump_json())
    return folder


def remote_manifest(columns: Sequence[dict[str, Any]], generation: str, folder: Path) -> RemoteManifest:
    """Return what stands beside a generation of these rows."""
    counts, ids = NameCounts(), sorted(row["image_id"] for row in columns)
    for row in columns:
        counts.add(row["path"], *(row.get(name) for name in ("taken", "place", "country", "camera")))
    tables = folder / f"tables-{generation}.sqlite"
    tables.unlink(missing_ok=True)
    write_tables(tables, counts, town_names=TOWN_NAMES)
    return RemoteManifest(
        generation=generation,
        count=len(columns),
        captioned=sum(row.get("caption_embedding") is not None for row in columns),
        dimension=len(columns[0]["embedding"]),
        pictures_dir=".",
        models={"clip": "0" * 64},
        sample=tuple(ids[:: -(-len(ids) // SAMPLED_MAX)]),
        tables=packed_tables(tables.read_bytes()),
    )
