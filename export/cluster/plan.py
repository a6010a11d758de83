"""What a build of shards has to do: which pictures are new, which only moved, which are as they were, which have left.

Compares a source with the shards of the last build. Reads no picture and runs no model.
"""

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from export.cluster.errors import ShardsUnusable
from export.cluster.rows import new_row, skipped_of
from export.cluster.same_ids import IdsTaken
from export.cluster.shards import (
    ShardsManifest,
    image_id_of,
    import_pyarrow,
    pictures_schema,
    read_failures,
    read_shards,
)
from export.cluster.sources import Source
from export.cluster.stages import BESIDE, beside_table_type, beside_value
from export.index.catalog import Catalog, IndexedImage
from export.index.folder.excluded_files import ExclusionRules
from export.index.folder.found import FoundImage, Scan, SkippedImage
from export.index.folder.hashing import remembered_hashes
from runtime.artefacts.fingerprint import PARTS, Fingerprint, Part, differing_entries
from runtime.images import LASTING_REASONS

if TYPE_CHECKING:
    import pyarrow as pa

# Which columns hold what a part of the models made.
MADE_OF: dict[Part, frozenset[str]] = {
    "pictures": frozenset({"embedding"}),
    "captions": frozenset({"caption", "made_caption", "caption_embedding"}),
    "texts": frozenset({"caption_embedding"}),
}
IDENTITY = ("image_id", "path", "sha256", "bytes", "mtime_ns", "width", "height", "caption")


@dataclass(frozen=True)
class LastShards:
    """What the last build left: its manifest, None where there was none that helps; its rows by their identity alone.

    Where `refill` is true, captions or texts are wanted now that it had none of, or other models made it: every row goes
    through the work again, which makes only what it lacks. `unusable` are the columns that other models made.
    """

    shards: str
    manifest: ShardsManifest | None = None
    catalog: Catalog = field(default_factory=Catalog)
    refill: bool = False
    unusable: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Remaining:
    """What is to be done.

    `new` are pictures of contents that the shards do not know, with their sha256, sorted by it. `moved` are those of known
    contents at other paths. `gone` are the ids that the shards have and the source has not. `failures` are known already.
    `unchanged` is how many pictures are as they were.
    """

    new: Sequence[tuple[FoundImage, str]]
    moved: Mapping[str, Sequence[FoundImage]]
    gone: Sequence[int]
    failures: Sequence[SkippedImage]
    unchanged: int

    @property
    def count(self) -> int:
        """How many rows are to be made."""
        return len(self.new) + sum(map(len, self.moved.values()))


def read_last(
    shards: str, manifest: ShardsManifest | None, models: Fingerprint, *, captions: bool, text: bool
) -> LastShards:
    """Return what shards hold; `models`, `captions` and `text` are what is wanted now.

    Raises:
        ShardsUnusable: a file is damaged.
    """
    if manifest is None:
        return LastShards(shards)
    rows = []
    for batch in read_shards(shards, IDENTITY, with_gone=True):  # one that comes back is there already
        for row in batch.to_pylist():
            size = row["bytes"], row["width"], row["height"]
            found = IndexedImage(row["image_id"], row["path"], row["sha256"], *size, row["caption"], row["mtime_ns"])
            rows.append(found)
    skipped = [skipped_of(row) for batch in read_failures(shards) for row in batch.to_pylist()]
    made_by_others = (MADE_OF[part] for part in PARTS if differing_entries(part, manifest.models, models))
    unusable = frozenset[str]().union(*made_by_others)
    refill = bool(unusable) or (captions and not manifest.captioned) or (text and not manifest.text_read)
    return LastShards(shards, manifest, Catalog(rows, skipped, scanned_ns=manifest.listed_ns), refill, unusable)


def unread(source: Source, last: LastShards) -> tuple[list[FoundImage], dict[str, str]]:
    """Return the pictures that must be read for their sha256, and the sha256 of the others by path."""
    scan = Scan(Path(source.address), source.began_ns, ExclusionRules(Path(source.address)), images=[*source.images])
    of_this_source = last.manifest is not None and last.manifest.pictures_dir == source.address
    known = remembered_hashes(scan, last.catalog) if of_this_source else {}
    return [image for image in source.images if image.image_path not in known], known


def find_remaining(
    source: Source, hashes: Mapping[str, str], unreadable: Iterable[SkippedImage], last: LastShards
) -> Remaining:
    """Return what is to be done, given the sha256 of every picture that could be read, by path."""
    ids = {row.id: row.image_path for row in last.catalog.rows}
    taken, contents = IdsTaken(ids), {row.sha256 for row in last.catalog.rows}
    broken = {one.sha256: one for one in last.catalog.skipped if one.sha256 and one.reason.startswith(LASTING_REASONS)}
    failures = [*source.skipped, *unreadable]
    new, moved, here = [], dict[str, list[FoundImage]](), set()
    for image in source.images:
        sha256 = hashes.get(image.image_path)
        if sha256 is None:
            continue
        image_id = image_id_of(sha256, image.image_path)
        if sha256 in broken:
            failures.append(SkippedImage(image.image_path, broken[sha256].reason, sha256, image.bytes, image.mtime_ns))
        elif refused := taken.why_taken(image_id, image, sha256):
            failures.append(refused)
        elif image_id in ids and not last.refill:
            here.add(image_id)
        elif sha256 in contents:
            moved.setdefault(sha256, []).append(image)
        else:
            new.append((image, sha256))
    new.sort(key=lambda one: (one[1], one[0].image_path))  # copies of a file come together, and are embedded once
    return Remaining(new, moved, sorted(ids.keys() - here), failures, len(here))


def todo_schema(dimension: int) -> "pa.Schema":
    """Return the columns of what goes into the work: those of shards, and the files beside each picture."""
    pa = import_pyarrow()
    return pictures_schema(dimension).append(pa.field(BESIDE, beside_table_type()))


def remaining_tables(
    remaining: Remaining,
    source: Source,
    last: LastShards,
    dimension: int,
    rows_at_once: int,
    *,
    leave_out: Container[int] = (),
) -> "Iterator[pa.Table]":
    """Yield what is to be done as tables of so many rows: moved pictures with what is known of them, new ones with nothing.

    The ids in `leave_out` are done already.

    Raises:
        ShardsUnusable: the shards of the last build have changed meanwhile.
    """
    pa = import_pyarrow()
    schema, waiting = todo_schema(dimension), list[dict[str, Any]]()
    for row in _remaining_rows(remaining, last):
        if row["image_id"] in leave_out:
            continue
        waiting.append(row | {BESIDE: beside_value(source.beside.get(row["path"]))})
        if len(waiting) == rows_at_once:
            yield pa.Table.from_pylist(waiting, schema=schema)
            waiting = []
    if waiting:
        yield pa.Table.from_pylist(waiting, schema=schema)


def _remaining_rows(remaining: Remaining, last: LastShards) -> Iterator[dict[str, Any]]:
    left = dict(remaining.moved)
    if left:
        for batch in read_shards(last.shards, with_gone=True):
            for row in batch.to_pylist() if left else ():
                for image in left.pop(row["sha256"], ()):
                    yield _usable(row, last.unusable) | new_row(image, row["sha256"])
    if left:
        raise ShardsUnusable(last.shards, f"{len(left):,} of its pictures are not where they were; another build wrote it")
    for image, sha256 in remaining.new:
        yield new_row(image, sha256)


def _usable(row: dict[str, Any], unusable: frozenset[str]) -> dict[str, Any]:
    """Return a row without what other models made of it; a caption that a person gave stays."""
    return row | dict.fromkeys(unusable - {"caption"} if row["caption_source"] == "given" else unusable)
