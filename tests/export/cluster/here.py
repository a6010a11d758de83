"""A cluster of this process alone: the steps of a build without Ray, on the very functions that Ray calls."""

import contextlib
import io
from pathlib import Path
from typing import TYPE_CHECKING, Self

from rich.console import Console

from export.cluster.build import ShardOptions, build_shards
from export.cluster.job import ActorSetup, Count, Tables
from export.cluster.models_files import fetch_models, fetch_places
from export.cluster.shard_files import names_in, parquet_names, put_table
from export.cluster.shards import ShardsManifest, open_folder
from export.cluster.stages import PictureStage, Work, hash_rows
from export.index.chosen_models import open_models
from export.index.photos.places import PlacesFile
from tests.sample_library import MODELS

if TYPE_CHECKING:
    import pyarrow as pa


class Killed(Exception):
    """The build was ended in the middle."""


class ClusterHere:
    """Runs steps in this process. `looked_at` are the paths of pictures that were; after `files_max` files it is killed."""

    actors = 2

    def __init__(self, files_max: int | None = None) -> None:
        self.looked_at: list[str] = []
        self._left = files_max

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def hash_files(self, tables: Tables, address: str, count: Count) -> None:
        for number, table in enumerate(_tables(tables.remaining)):
            put_table(tables.out, f"{tables.prefix}-{number}.parquet", hash_rows(table, address))
            count(table.num_rows)

    def look_at_pictures(self, tables: Tables, work: Work, setup: ActorSetup, *, schema: "pa.Schema", count: Count) -> None:
        places = PlacesFile(fetch_places(work.shards)) if setup.has_places else None
        stage = PictureStage(work, open_models(fetch_models(work.shards), setup.device), places)
        for rows in _tables(tables.remaining):
            if self._left == 0:
                raise Killed
            self._left = self._left and self._left - 1
            self.looked_at += rows["path"].to_pylist()
            made = stage(rows)
            assert made.schema == schema
            number = len(parquet_names(tables.out, tables.prefix))
            put_table(tables.out, f"{tables.prefix}-here-{number}.parquet", made)
            put_table(tables.done, f"{number}.parquet", made.select([tables.id_column]))
            count(rows.num_rows)


def build_here(
    source: Path | str,
    shards: Path | str,
    options: ShardOptions | None = None,
    *,
    files_max: int | None = None,
    models: Path = MODELS,
) -> tuple[ShardsManifest, ClusterHere, str]:
    """Build shards in this process; return their manifest, what did it, and what was said."""
    cluster, shown = ClusterHere(files_max), io.StringIO()
    with contextlib.redirect_stderr(io.StringIO()):
        manifest = build_shards(
            str(source),
            str(shards),
            models,
            connect=lambda: cluster,
            options=options or ShardOptions(),
            console=Console(file=shown, width=200),
        )
    return manifest, cluster, shown.getvalue()


def _tables(remaining: str) -> "list[pa.Table]":
    from pyarrow.parquet import read_table

    filesystem, folder = open_folder(remaining)
    return [read_table(f"{folder}/{name}", filesystem=filesystem) for name in names_in(remaining)]
