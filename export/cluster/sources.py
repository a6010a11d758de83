"""What is to be indexed: a folder that all nodes see, an s3:// address, or a list in a Parquet file.

Lists names, lengths and times; reads no picture. `local_files.py` brings their files to a node.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path, PurePosixPath
from time import time_ns
from typing import Any

from export.cluster.errors import SourceUnusable
from export.cluster.shards import import_pyarrow, open_folder
from export.index.folder.excluded_files import ExclusionRules
from export.index.folder.found import FoundImage, SkippedImage, left_out_lines
from export.index.folder.scan import BESIDE_SUFFIXES, mtime_of, scan_folder
from export.index.folder.unread_formats import READ_SUFFIXES, read_formats, unread_lines
from export.index.photos.beside import Beside, find_beside
from runtime.artefacts.remote.aws import named_failures, open_client

S3 = "s3://"
NOWHERE = Path("/nonexistent")  # the JSON of Google Takeout below an s3:// address is found by name alone
REMEDY = "Check the address, and that its objects may be listed."
PATH = "path"
INVENTORY = ("bucket", "key", "size", "last_modified_date")  # the columns of S3's own inventories


@dataclass(frozen=True)
class Source:
    """What was found.

    `address` is a folder or an s3:// address, below which the paths of `images` lie. `beside` says by path what tells more
    of a picture. `skipped` cannot be indexed by its name alone. `began_ns` is when the look began. `left_out` are lines
    that say what is left out on purpose, or is not read.
    """

    address: str
    images: Sequence[FoundImage]
    beside: Mapping[str, Beside] = field(default_factory=dict)
    skipped: Sequence[SkippedImage] = ()
    began_ns: int = 0
    left_out: Sequence[str] = ()


@dataclass(frozen=True)
class Rules:
    """What of a source does not count: patterns, as for a folder; hidden names, unless they are wanted."""

    exclude: Sequence[str] = ()
    include_hidden: bool = False


def list_source(given: str, rules: Rules, *, leave_out: Path | None = None) -> Source:
    """Return the pictures of a source, sorted by path.

    Args:
        given: a folder, `s3://bucket/prefix`, or a file `*.parquet`, here or on S3.
        rules: what does not count.
        leave_out: a folder in it that does not count, either.

    Raises:
        FolderUnusable, SourceUnusable: it holds no picture, or cannot be listed.
        PatternUnusable: a pattern can match nothing.
        RemoteRefused: S3 did not list it.
    """
    began_ns = time_ns()
    if given.endswith(".parquet"):
        found = _listed(given)
    elif given.startswith(S3):
        found = _below_s3(given, rules, began_ns)
    else:
        found = _in_folder(Path(given), rules, leave_out)
    if not found.images:
        raise SourceUnusable(given, f"it holds no picture that is read here ({read_formats()})")
    return found


def _in_folder(folder: Path, rules: Rules, leave_out: Path | None) -> Source:
    leaving_out = ExclusionRules(folder, rules.exclude, include_hidden=rules.include_hidden)
    scan = scan_folder(folder, leave_out, leaving_out)
    lines = (*unread_lines(scan.unread), *left_out_lines(scan))
    skipped = [*scan.skipped, *(SkippedImage(name, why) for name, why in scan.unlisted.items())]
    beside = find_beside(scan.folder, scan.images, scan.beside)
    return Source(str(scan.folder), scan.images, beside, skipped, scan.began_ns, lines)


def _below_s3(address: str, rules: Rules, began_ns: int) -> Source:
    bucket, prefix = split_s3(address)
    leaving_out = ExclusionRules(Path("/"), rules.exclude, include_hidden=rules.include_hidden)
    images, files = list[FoundImage](), list[FoundImage]()
    client = open_client("s3")
    with named_failures(address, REMEDY):
        pages = client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=f"{prefix}/" if prefix else "")
        for found in (found for page in pages for found in page.get("Contents", ())):
            name = found["Key"].removeprefix(f"{prefix}/") if prefix else found["Key"]
            if not _is_plain(name) or leaving_out.why_below(name):
                continue
            one = FoundImage(name, found["Size"], nanoseconds(found["LastModified"]))
            suffix = PurePosixPath(name).suffix.lower()
            (images if suffix in READ_SUFFIXES else files if suffix in BESIDE_SUFFIXES else []).append(one)
    images.sort(key=lambda image: image.image_path)
    where = f"{S3}{bucket}/{prefix}".rstrip("/")
    return Source(where, images, find_beside(NOWHERE, images, files), (), began_ns)


def _listed(list_file: str) -> Source:
    began_ns, rows = time_ns(), _read_list(list_file)
    columns = set(rows[0]) if rows else {PATH}
    if PATH in columns:
        return _listed_paths(list_file, (row[PATH] for row in rows), began_ns)
    if not columns.issuperset(INVENTORY):
        needed = f"`{PATH}` (files), or {', '.join(f'`{name}`' for name in INVENTORY)} (an inventory of S3's)"
        raise SourceUnusable(list_file, f"it has the columns {', '.join(sorted(columns))}, and needs {needed}")
    buckets = {row["bucket"] for row in rows}
    if len(buckets) > 1:
        raise SourceUnusable(list_file, f"its objects lie in {len(buckets)} buckets; list those of one")
    images = [FoundImage(row["key"], row["size"], nanoseconds(row["last_modified_date"])) for row in rows]
    wanted = [image for image in images if _is_plain(image.image_path) and _is_picture(image.image_path)]
    return Source(f"{S3}{buckets.pop()}", sorted(wanted, key=lambda image: image.image_path), began_ns=began_ns)


def _listed_paths(list_file: str, paths: Iterable[Any], began_ns: int) -> Source:
    """Return the files that a list names: paths below its own folder, relative to it or whole."""
    if list_file.startswith(S3):
        raise SourceUnusable(list_file, f"a list on S3 needs {', '.join(f'`{name}`' for name in INVENTORY)}")
    root = Path(list_file).resolve().parent
    images, skipped = {}, []
    for given in paths:
        name = str(given)
        path = root / name
        try:
            inside = path.resolve().relative_to(root).as_posix()
            facts = path.stat()
        except ValueError:
            skipped.append(SkippedImage(name, f"it does not lie below {root}"))
        except OSError as cause:
            skipped.append(SkippedImage(name, f"it cannot be looked at ({cause.strerror or cause})"))
        else:
            if _is_picture(inside):
                images[inside] = FoundImage(inside, facts.st_size, mtime_of(facts))
            else:
                skipped.append(SkippedImage(name, "its name has no suffix of a picture that is read here"))
    return Source(str(root), [images[name] for name in sorted(images)], {}, skipped, began_ns)


def _read_list(list_file: str) -> list[dict[str, Any]]:
    pa = import_pyarrow()
    from pyarrow.parquet import ParquetFile

    filesystem, path = open_folder(list_file)
    try:
        with filesystem.open_input_file(path) as file:
            parquet = ParquetFile(file)
            wanted = [name for name in (PATH, *INVENTORY) if name in parquet.schema_arrow.names]
            rows: list[dict[str, Any]] = parquet.read(columns=wanted or None).to_pylist()
    except (OSError, pa.ArrowException) as cause:
        raise SourceUnusable(
            list_file, f"it cannot be read as a list ({next(iter(str(cause).splitlines()), '')})"
        ) from cause
    return rows


def split_s3(address: str) -> tuple[str, str]:
    """Return the bucket and the prefix of an s3:// address, without slashes at their ends.

    Raises:
        SourceUnusable: it names no bucket.
    """
    bucket, _, prefix = address.removeprefix(S3).partition("/")
    if not bucket:
        raise SourceUnusable(address, f"it names no bucket; write {S3}BUCKET/PREFIX")
    return bucket, prefix.strip("/")


def nanoseconds(moment: datetime) -> int:
    """Return a moment as nanoseconds since 1970; S3 knows them to the second."""
    return int(moment.timestamp()) * 10**9


def _is_picture(name: str) -> bool:
    return PurePosixPath(name).suffix.lower() in READ_SUFFIXES


def _is_plain(key: str) -> bool:
    """Return whether an object's key can be a path: another could lead out of the folder that it is brought to."""
    return bool(key) and not key.endswith("/") and all(part not in {"", ".", ".."} for part in key.split("/"))
