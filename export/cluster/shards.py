"""Shards: what a cluster made of pictures, as Parquet files in a folder or below an s3:// address, and their manifest.

Owns the form of both, and reads them. `shard_files.py` writes them. Imports pyarrow only when something is read.
"""

from collections.abc import Iterator, Sequence
from hashlib import sha256
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Literal

from pydantic import Field, ValidationError

from export.cluster.errors import ShardsUnusable
from export.errors import ExtraMissing
from runtime.artefacts.file_record import Record
from runtime.artefacts.manifest import MANIFEST_NAME
from runtime.artefacts.picture_decoding import DecodeRule

if TYPE_CHECKING:
    import pyarrow as pa
    from pyarrow.fs import FileSystem

SHARDS_FORMAT = "lookwhy-shards/1"
FORMAT_KEY = b"lookwhy"  # of a Parquet file's metadata
PICTURES, FAILURES = "pictures", "failures"  # how the files' names begin
ROWS_AT_ONCE = 4096
Address = str | Path
"""A folder, or an s3:// address."""


class ShardFile(Record):
    """One Parquet file: its name, and how many rows it has."""

    name: str
    rows: int


class ShardsManifest(Record):
    """`manifest.json`: which files count, and what made them.

    `pictures_dir` is where the pictures lie, a folder or an s3:// address. `models` is the models' fingerprint. `count` is
    how many pictures the shards hold without those in `gone`: the ids of rows that are passed over, as their pictures have
    left. `captioned` and `text_read` say whether captions were made and text was read. `previews` says whether previews
    lie beside the files, in the form of an index's.
    """

    format: Literal["lookwhy-shards/1"] = "lookwhy-shards/1"
    pictures_dir: str
    models: dict[str, str]
    dimension: int = Field(gt=0)
    count: int = Field(ge=0)
    failed: int = Field(default=0, ge=0)
    pictures: tuple[ShardFile, ...]
    failures: tuple[ShardFile, ...] = ()
    gone: str | None = None
    decode: DecodeRule = "exact"
    captioned: bool = True
    text_read: bool = False
    previews: bool = False
    listed_ns: int = 0


def image_id_of(content_sha256: str, path: str) -> int:
    """Return the id of a picture: the same for the same content at the same path, in every build.

    It is below 2**53, so that a browser, whose numbers are float64, has it exactly.
    """
    return int.from_bytes(sha256(f"{content_sha256}\0{path}".encode()).digest()[:8], "big") >> 11


def pictures_schema(dimension: int) -> "pa.Schema":
    """Return the columns of `pictures-*.parquet`. What is not known is null."""
    pa = import_pyarrow()
    vector = pa.list_(pa.float16(), dimension)
    texts = pa.list_(pa.string())
    columns = [
        ("image_id", pa.int64()),  # of `image_id_of`
        ("path", pa.string()),  # relative, with forward slashes
        ("sha256", pa.string()),  # of the file
        ("width", pa.int32()),  # pixels, upright
        ("height", pa.int32()),
        ("bytes", pa.int64()),
        ("taken", pa.string()),  # the facts of a photo are as `runtime/library/photos/photo_facts.py` has them
        ("place", pa.string()),
        ("latitude", pa.float64()),
        ("longitude", pa.float64()),
        ("camera", pa.string()),
        ("embedding", vector),  # of L2 norm 1, but for the rounding to 16 bits
        ("caption", pa.string()),
        ("caption_embedding", vector),
        ("text", pa.string()),  # the words in it, as `runtime/library/picture_text.py` writes them
        ("mtime_ns", pa.int64()),
        ("taken_source", pa.string()),
        ("offset_minutes", pa.int32()),
        ("country", pa.string()),
        ("keywords", texts),
        ("rating", pa.int32()),
        ("caption_source", pa.string()),  # "index", or "given" by a person
        ("other_captions", texts),
        ("made_caption", pa.string()),
        ("greys", pa.binary()),  # what copies are found by
    ]
    return pa.schema(columns, metadata={FORMAT_KEY: SHARDS_FORMAT.encode()})


def failures_schema() -> "pa.Schema":
    """Return the columns of `failures-*.parquet`."""
    pa = import_pyarrow()
    columns = [("path", pa.string()), ("reason", pa.string()), ("sha256", pa.string()), ("bytes", pa.int64())]
    return pa.schema([*columns, ("mtime_ns", pa.int64())], metadata={FORMAT_KEY: SHARDS_FORMAT.encode()})


def read_shards_manifest(shards: Address) -> ShardsManifest:
    """Return the manifest of shards.

    Raises:
        ShardsUnusable: there is none, or none of this form.
        ExtraMissing: pyarrow is not installed.
    """
    filesystem, folder = open_folder(shards)
    try:
        with filesystem.open_input_stream(f"{folder}/{MANIFEST_NAME}") as file:
            return ShardsManifest.model_validate_json(file.read())
    except FileNotFoundError:
        raise ShardsUnusable(
            str(shards), f"it has no {MANIFEST_NAME}; a build writes it last, so run it to its end"
        ) from None
    except OSError as cause:
        raise ShardsUnusable(str(shards), f"it cannot be read ({_first_line(cause)})") from cause
    except ValidationError as cause:
        first = cause.errors()[0]
        place = ".".join(map(str, first["loc"])) or "it"
        reason = f"its {MANIFEST_NAME} has another form than {SHARDS_FORMAT} ({place}: {first['msg']})"
        raise ShardsUnusable(str(shards), reason) from cause


def read_shards(
    shards: Address, columns: Sequence[str] | None = None, *, rows_at_once: int = ROWS_AT_ONCE, with_gone: bool = False
) -> "Iterator[pa.RecordBatch]":
    """Yield the pictures of shards, some rows at a time, in the order of the manifest's files.

    Args:
        shards: a folder, or an s3:// address.
        columns: which of `pictures_schema`; all by default.
        rows_at_once: of each batch, at most.
        with_gone: whether the pictures that have left are among them.

    Raises:
        ShardsUnusable: a file is not there, is damaged, or is not the one that the manifest names.
        ExtraMissing: pyarrow is not installed.
    """
    manifest = read_shards_manifest(shards)
    gone = import_pyarrow().array([], "int64") if with_gone else _read_gone(shards, manifest)
    wanted = list(columns) if columns is not None else None
    asked = [*wanted, "image_id"] if wanted is not None and len(gone) and "image_id" not in wanted else wanted
    for file in manifest.pictures:
        for batch in _read_file(shards, file, asked, rows_at_once):
            kept = _without(batch, gone) if len(gone) else batch
            yield kept.select(wanted) if wanted is not None else kept


def read_failures(shards: Address) -> "Iterator[pa.RecordBatch]":
    """Yield what is not in shards, and why; raises as `read_shards`."""
    for file in read_shards_manifest(shards).failures:
        yield from _read_file(shards, file, None, ROWS_AT_ONCE)


def open_folder(address: Address) -> "tuple[FileSystem, str]":
    """Return the file system of an address, and the folder there, without a slash at its end.

    Raises:
        ShardsUnusable: the address is none.
        ExtraMissing: pyarrow is not installed.
    """
    import_pyarrow()
    from pyarrow import ArrowException
    from pyarrow.fs import FileSystem, LocalFileSystem

    text = str(address)
    if "://" not in text:
        return LocalFileSystem(), str(Path(text).absolute())
    try:
        filesystem, folder = FileSystem.from_uri(text)
    except (ArrowException, OSError) as cause:
        raise ShardsUnusable(text, f"it is no folder and no address ({_first_line(cause)})") from cause
    return filesystem, folder.rstrip("/")


def import_pyarrow() -> ModuleType:
    """Return pyarrow.

    Raises:
        ExtraMissing: it is not installed.
    """
    try:
        return import_module("pyarrow")
    except ModuleNotFoundError as cause:
        raise ExtraMissing("Reading and writing shards", "cluster") from cause


def _read_file(shards: Address, file: ShardFile, columns: list[str] | None, rows: int) -> "Iterator[pa.RecordBatch]":
    import pyarrow as pa
    from pyarrow.parquet import ParquetFile

    filesystem, folder = open_folder(shards)
    try:
        with filesystem.open_input_file(f"{folder}/{file.name}") as opened, ParquetFile(opened) as parquet:
            written = (parquet.schema_arrow.metadata or {}).get(FORMAT_KEY, b"another form").decode(errors="replace")
            if written != SHARDS_FORMAT or parquet.metadata.num_rows != file.rows:
                found = f"{parquet.metadata.num_rows:,} rows of {written}"
                raise ShardsUnusable(
                    str(shards), f"{file.name} has {found}, and {file.rows:,} of {SHARDS_FORMAT} belong there"
                )
            yield from parquet.iter_batches(batch_size=rows, columns=columns)
    except (OSError, pa.ArrowException) as cause:
        raise ShardsUnusable(str(shards), f"{file.name} cannot be read ({_first_line(cause)})") from cause


def _read_gone(shards: Address, manifest: ShardsManifest) -> "pa.Array":
    """Return the ids that are passed over."""
    pa = import_pyarrow()
    from pyarrow.parquet import read_table

    if manifest.gone is None:
        return pa.array([], pa.int64())
    filesystem, folder = open_folder(shards)
    try:
        return read_table(f"{folder}/{manifest.gone}", filesystem=filesystem)["image_id"].combine_chunks()
    except (OSError, pa.ArrowException, KeyError) as cause:
        raise ShardsUnusable(str(shards), f"{manifest.gone} cannot be read ({_first_line(cause)})") from cause


def _without(batch: "pa.RecordBatch", gone: "pa.Array") -> "pa.RecordBatch":
    from pyarrow import compute

    return batch.filter(compute.invert(compute.is_in(batch["image_id"], value_set=gone)))


def _first_line(cause: Exception) -> str:
    return next(iter(str(cause).splitlines()), type(cause).__name__)
