"""Shards of the stores' contract, and of an index in files: what a cluster would have made of the same pictures."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from export.cluster.shards import PICTURES, ShardFile, ShardsManifest, pictures_schema
from runtime.artefacts.manifest import MANIFEST_NAME
from runtime.library.image_rows import ImageRow
from runtime.library.photos.photo_facts import PhotoFacts
from tests.runtime.stores.contract_library import (
    CAPTIONS,
    DIMENSION,
    contract_facts,
    contract_rows,
    contract_texts,
    vectors,
)
from tests.runtime.stores.contract_library import PICTURES as PICTURES_SEED


def row_of(
    row: ImageRow, facts: PhotoFacts, vector: NDArray[np.float32], of_caption: NDArray[np.float32] | None, text: str | None
) -> dict[str, Any]:
    """Return a row of shards."""
    known = {name: getattr(facts, name) for name in PhotoFacts.__slots__}
    halves = None if of_caption is None else of_caption.astype(np.float16)
    return known | {
        "image_id": row.id,
        "path": row.image_path,
        "sha256": row.sha256,
        "bytes": row.bytes,
        "width": row.width,
        "height": row.height,
        "mtime_ns": row.mtime_ns,
        "embedding": vector.astype(np.float16),
        "caption": row.caption,
        "caption_source": row.caption_source,
        "other_captions": list(row.other_captions),
        "caption_embedding": halves,
        "keywords": list(facts.keywords),
        "text": text,
    }


def write_shards(
    folder: Path,
    rows: Iterable[dict[str, Any]],
    dimension: int,
    models: Mapping[str, str],
    *,
    pictures_dir: str = ".",
    files: int = 3,
) -> Path:
    """Write rows as shards, in so many files."""
    import pyarrow as pa
    from pyarrow import parquet

    folder.mkdir(parents=True, exist_ok=True)
    everything, schema = list(rows), pictures_schema(dimension)
    step = max(1, -(-len(everything) // files))
    names: list[ShardFile] = []
    for start in range(0, len(everything), step):
        name = f"{PICTURES}-{start:08}.parquet"
        parquet.write_table(pa.Table.from_pylist(everything[start : start + step], schema=schema), folder / name)
        names.append(ShardFile(name=name, rows=len(everything[start : start + step])))
    manifest = ShardsManifest(
        pictures_dir=pictures_dir, models=dict(models), dimension=dimension, count=len(everything), pictures=tuple(names)
    )
    (folder / MANIFEST_NAME).write_text(manifest.model_dump_json())
    return folder


def contract_shards(folder: Path, models: Mapping[str, str], *, places: Sequence[int] | None = None) -> Path:
    """Write the contract's library as shards, or some pictures of it."""
    texts = contract_texts()
    rows = [
        row_of(
            row,
            contract_facts()[row.id],
            vectors(PICTURES_SEED)[at],
            vectors(CAPTIONS)[at] if row.caption else None,
            texts.get(row.sha256),
        )
        for at, row in enumerate(contract_rows())
        if places is None or at in set(places)
    ]
    return write_shards(folder, rows, DIMENSION, models)
