"""Writing beside and into shards: Parquet files, failures, previews, the manifest. `shards.py` owns the form."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from export.cluster.shards import (
    Address,
    ShardFile,
    ShardsManifest,
    failures_schema,
    import_pyarrow,
    open_folder,
)
from runtime.artefacts.manifest import MANIFEST_NAME
from runtime.artefacts.whole_file import whole_file
from runtime.library.previews.preview_files import PREVIEWS_NAME

if TYPE_CHECKING:
    import pyarrow as pa
    from pyarrow.fs import FileSystem

BUILDING = "building"  # the folder of a build that is not at its end
COMPRESSION = "zstd"


def put_table(shards: Address, name: str, table: "pa.Table") -> ShardFile:
    """Write a table as a file of shards; what had the name before is replaced.

    Raises:
        OSError: it cannot be written.
    """
    from pyarrow.parquet import write_table

    filesystem, folder = open_folder(shards)
    _make_parent(filesystem, f"{folder}/{name}")
    write_table(table, f"{folder}/{name}", filesystem=filesystem, compression=COMPRESSION)
    return ShardFile(name=name, rows=table.num_rows)


def put_manifest(shards: Address, manifest: ShardsManifest) -> None:
    """Write the manifest: that is when what a build made counts.

    Raises:
        OSError: it cannot be written; the one before is as it was.
    """
    put_file(shards, MANIFEST_NAME, manifest.model_dump_json(indent=2).encode() + b"\n")


def put_file(shards: Address, name: str, content: bytes) -> None:
    """Write a file of shards, whole or not at all.

    Raises:
        OSError: it cannot be written.
    """
    filesystem, folder = open_folder(shards)
    path = f"{folder}/{name}"
    _make_parent(filesystem, path)
    if "://" not in str(shards):
        with whole_file(Path(path)) as file:
            file.write(content)
        return
    with filesystem.open_output_stream(path) as stream:  # an object is there whole or not at all
        stream.write(content)


def put_failures(shards: Address, failures: Iterable[Mapping[str, Any]]) -> None:
    """Write what failed in one batch of a build. The same batch, done again, replaces it.

    Raises:
        OSError: it cannot be written.
    """
    rows = sorted(failures, key=lambda row: row["path"])
    name = sha256("\0".join(row["path"] for row in rows).encode()).hexdigest()[:32]
    table = import_pyarrow().Table.from_pylist([dict(row) for row in rows], schema=failures_schema())
    put_table(shards, f"{BUILDING}/failed/{name}.parquet", table)


@contextmanager
def previews_folder(shards: Address) -> Iterator[Path]:
    """Yield the folder that previews are written to and read from, as an index's folder: that of the shards, if it is one.

    For shards on S3 it is an empty one, and what is written there is copied to S3 when the block has ended well.

    Raises:
        OSError: a preview cannot be copied.
    """
    if "://" not in str(shards):
        yield Path(shards)
        return
    filesystem, folder = open_folder(shards)
    with TemporaryDirectory(prefix="lookwhy-previews-") as made:
        yield Path(made)
        for path in sorted(Path(made).rglob("*.jpg")):
            with filesystem.open_output_stream(f"{folder}/{path.relative_to(made).as_posix()}") as stream:
                stream.write(path.read_bytes())


def has_previews(shards: Address) -> bool:
    """Return whether there are previews beside shards."""
    return bool(names_in(shards, PREVIEWS_NAME))


def names_in(shards: Address, name: str = "") -> list[str]:
    """Return the names in a folder of shards, sorted; none where there is no such folder."""
    from pyarrow.fs import FileSelector

    filesystem, folder = open_folder(shards)
    selector = FileSelector(f"{folder}/{name}".rstrip("/"), allow_not_found=True)
    return sorted(found.base_name for found in filesystem.get_file_info(selector))


def remove(shards: Address, names: Iterable[str]) -> None:
    """Remove files and folders of shards; those that are not there count as removed.

    Raises:
        OSError: one cannot be removed.
    """
    from pyarrow.fs import FileType

    filesystem, folder = open_folder(shards)
    for name in names:
        kind = filesystem.get_file_info(f"{folder}/{name}").type
        if kind == FileType.Directory:
            filesystem.delete_dir(f"{folder}/{name}")
        elif kind == FileType.File:
            filesystem.delete_file(f"{folder}/{name}")


def parquet_names(shards: Address, kind: str) -> list[str]:
    """Return the names of the Parquet files of a kind, `PICTURES` or `FAILURES`, whether a manifest names them or not."""
    return [name for name in names_in(shards) if name.startswith(f"{kind}-") and name.endswith(".parquet")]


def count_rows(shards: Address, names: Sequence[str]) -> list[ShardFile]:
    """Return the files with how many rows each has, by its end alone."""
    from pyarrow.parquet import read_metadata

    filesystem, folder = open_folder(shards)
    return [ShardFile(name=one, rows=read_metadata(f"{folder}/{one}", filesystem=filesystem).num_rows) for one in names]


def file_name(kind: str, number: int, run: str) -> str:
    """Return the name of a file of shards that a command writes by itself, without a cluster."""
    return f"{kind}-{run}-{number:06d}.parquet"


def _make_parent(filesystem: "FileSystem", path: str) -> None:
    filesystem.create_dir(path.rpartition("/")[0], recursive=True)
