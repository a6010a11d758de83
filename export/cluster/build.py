"""Pictures to shards on a cluster: list, hash, look at what is new, and one manifest at the end.

Owns the order of the steps. Until the manifest is written, the shards are as they were before; a build that was killed goes
on when the same command is given again.
"""

import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console

from export.atomic import locked_folder
from export.cluster.another_library import refuse_other_shards
from export.cluster.completed_build import finish
from export.cluster.job import ActorSetup, Cluster, Tables
from export.cluster.models_files import PLACES, put_models
from export.cluster.plan import LastShards, Remaining, find_remaining, read_last, remaining_tables, unread
from export.cluster.resumable_build import HASHED, TO_HASH, TO_MAKE, Started, read_done, read_hashes, resume_or_begin
from export.cluster.shard_files import BUILDING, names_in, put_file, put_table
from export.cluster.shards import (
    PICTURES,
    ShardsManifest,
    import_pyarrow,
    pictures_schema,
    read_shards_manifest,
)
from export.cluster.sources import Rules, Source, list_source
from export.cluster.stages import Work
from export.console import progress_bar
from export.errors import unwritable_refused
from export.index.chosen_models import decode_rule_of
from export.index.folder.found import FoundImage, SkippedImage
from export.index.photos.places import PlacesFile
from export.index.rebuild_reasons import other_models_lines
from export.index.text.models import text_models_folder
from runtime.artefacts.manifest import MANIFEST_NAME, read_models_manifest
from runtime.models.onnx_session import Device

ROWS_MIN, ROWS_MAX, FILES_AN_ACTOR = 32, 1024, 8  # rows of a file of shards: what a killed node loses at most, each actor
Connect = Callable[[], AbstractContextManager[Cluster]]


@dataclass(frozen=True)
class ShardOptions:
    """How shards are made.

    Attributes:
        captions: whether captions are made.
        text: whether the text in pictures is read.
        previews: whether previews are made.
        places: the table that names positions, if there is one.
        rules: what of the source does not count.
        device: what the models run on.
        forget: whether shards of another library may be replaced.
    """

    captions: bool = True
    text: bool = False
    previews: bool = True
    places: PlacesFile | None = None
    rules: Rules = field(default_factory=Rules)
    device: Device = "cpu"
    forget: bool = False


def build_shards(
    source: str, shards: str, models: Path, *, connect: Connect, options: ShardOptions, console: Console
) -> ShardsManifest:
    """Bring shards up to date with a source, on a cluster, and return their manifest.

    Args:
        source: a folder that all nodes see, an s3:// address, or a list in a Parquet file.
        shards: a folder that all nodes see, or an s3:// address.
        models: the models' folder, on this machine alone: their files go with the job.
        connect: connects to the cluster, once the source is listed.
        options: what is made.
        console: where progress goes.

    Raises:
        FolderUnusable, SourceUnusable, RemoteRefused: the source cannot be listed.
        ShardsUnusable: the shards there are damaged, or of an unfinished build with other options.
        LibraryOfAnother: they are of another library, whose pictures would leave them.
        ClusterUnusable: the cluster cannot be reached, or the job failed; what is done is kept.
        TextModelsMissing: text is to be read, and its models are not here.
        OutputUnwritable: the shards cannot be written.
        ExtraMissing: Ray or pyarrow is not installed.
    """
    import_pyarrow()
    if "://" in shards:
        return _ClusterBuild(source, shards, models, options, console).run(connect)
    with locked_folder(Path(shards), "another build is writing it; wait for that one to end"):
        return _ClusterBuild(source, str(Path(shards).resolve()), models, options, console).run(connect)


class _ClusterBuild:
    """One run of `build_shards`."""

    def __init__(self, source: str, shards: str, models: Path, options: ShardOptions, console: Console) -> None:
        self._given, self._shards, self._models = source, shards, models
        self._options, self._console = options, console
        self._manifest = read_models_manifest(models)
        self._fingerprint, self._dimension = self._manifest.fingerprint(), self._manifest.clip.dimension
        self._captions = options.captions and self._manifest.blip is not None

    def run(self, connect: Connect) -> ShardsManifest:
        if self._options.text:
            text_models_folder()
        leave_out = None if "://" in self._shards else Path(self._shards)
        source = list_source(self._given, self._options.rules, leave_out=leave_out)
        self._console.print(f"{len(source.images):,} pictures below {source.address}", highlight=False)
        wanted = {"captions": self._captions, "text": self._options.text}
        last = read_last(self._shards, self._last_manifest(), self._fingerprint, **wanted)
        self._refuse_another(source, last, [image.bytes for image in source.images])  # no file is read yet
        started = Started(
            models=self._fingerprint, captions=self._captions, text=self._options.text, previews=self._options.previews
        )
        resume_or_begin(self._shards, started, self._console)
        with connect() as cluster:
            remaining = self._plan(source, last, cluster)
            if remaining.count:
                self._look(source, last, remaining, cluster)
        with unwritable_refused(Path(self._shards)):
            return finish(self._shards, source, last, remaining, self._blank(source), self._console)

    def _refuse_another(self, source: Source, last: LastShards, found: Iterable[int] | Iterable[str]) -> None:
        if last.manifest and not self._options.forget:
            refuse_other_shards(self._shards, source.address, last.manifest.pictures_dir, last.catalog.rows, found)

    def _last_manifest(self) -> ShardsManifest | None:
        """Return the manifest of the shards that are there, None where there are none; say what other models make again."""
        if MANIFEST_NAME not in names_in(self._shards):
            return None
        manifest = read_shards_manifest(self._shards)
        for line in other_models_lines(manifest.models, self._fingerprint, pictures=manifest.count, captions=None):
            self._console.print(line, style="yellow", markup=False, highlight=False, soft_wrap=True)
        return manifest

    def _plan(self, source: Source, last: LastShards, cluster: Cluster) -> Remaining:
        images, hashes = unread(source, last)
        unreadable: list[SkippedImage] = []
        if images:
            hashed, unreadable = self._hash(source, images, cluster)
            hashes |= hashed
        self._refuse_another(source, last, hashes.values())
        remaining = find_remaining(source, hashes, unreadable, last)
        new, moved = len(remaining.new), sum(map(len, remaining.moved.values()))
        told = f"New: {new:,}. Moved or to be completed: {moved:,}. As before: {remaining.unchanged:,}."
        self._console.print(told, highlight=False)
        return remaining

    def _hash(
        self, source: Source, images: list[FoundImage], cluster: Cluster
    ) -> tuple[Mapping[str, str], list[SkippedImage]]:
        pa = import_pyarrow()
        tables = self._tables(TO_HASH, HASHED, "hashed", "path")
        done = read_done(self._shards, _notes("hashed"), tables.id_column)
        left = [image for image in images if image.image_path not in done]
        rows = self._rows_of_a_file(len(left), cluster)
        for number, start in enumerate(range(0, len(left), rows)):
            part = left[start : start + rows]
            columns = {
                "path": pa.array([image.image_path for image in part], pa.string()),
                "bytes": pa.array([image.bytes for image in part], pa.int64()),
                "mtime_ns": pa.array([image.mtime_ns for image in part], pa.int64()),
            }
            self._put(f"{TO_HASH}/{number:06d}.parquet", pa.table(columns))
        if left:
            with progress_bar(self._console, "Reading", len(left)) as advance:
                cluster.hash_files(tables, source.address, advance)
        return read_hashes(self._at(HASHED), images)

    def _look(self, source: Source, last: LastShards, remaining: Remaining, cluster: Cluster) -> None:
        tables, options = self._tables(TO_MAKE, "", PICTURES, "image_id"), self._options
        done = read_done(self._shards, _notes(PICTURES), tables.id_column)
        rows, left = self._rows_of_a_file(remaining.count, cluster), 0
        for number, table in enumerate(remaining_tables(remaining, source, last, self._dimension, rows, leave_out=done)):
            self._put(f"{TO_MAKE}/{number:06d}.parquet", table)
            left += table.num_rows
        if not left:
            return
        work = Work(source.address, self._shards, captions=self._captions, text=options.text, previews=options.previews)
        with unwritable_refused(Path(self._shards)):
            put_models(self._shards, self._models)
            if options.places:
                put_file(self._shards, PLACES, options.places.path.read_bytes())
        models_bytes = sum(record.bytes for record in self._manifest.files())
        setup = ActorSetup(models_bytes, options.device, has_places=options.places is not None)
        began_s = time.monotonic()
        with progress_bar(self._console, "Pictures", left) as advance:
            cluster.look_at_pictures(tables, work, setup, schema=pictures_schema(self._dimension), count=advance)
        spent_s = time.monotonic() - began_s
        self._console.print(f"{left:,} pictures in {spent_s:,.0f} s.", highlight=False)

    def _blank(self, source: Source) -> ShardsManifest:
        """Return the manifest without files."""
        return ShardsManifest(
            pictures_dir=source.address,
            models=self._fingerprint,
            dimension=self._dimension,
            count=0,
            pictures=(),
            decode=decode_rule_of(self._manifest),
            captioned=self._captions,
            text_read=self._options.text,
            previews=self._options.previews,
            listed_ns=source.began_ns,
        )

    def _rows_of_a_file(self, count: int, cluster: Cluster) -> int:
        return min(ROWS_MAX, max(ROWS_MIN, count // (FILES_AN_ACTOR * cluster.actors)))

    def _put(self, name: str, table: object) -> None:
        with unwritable_refused(Path(self._shards)):
            put_table(self._shards, name, table)

    def _tables(self, remaining: str, out: str, prefix: str, id_column: str) -> Tables:
        return Tables(self._at(remaining), self._at(out), self._at(_notes(prefix)), prefix, id_column)

    def _at(self, name: str) -> str:
        return f"{self._shards}/{name}".rstrip("/")


def _notes(prefix: str) -> str:
    """Return where a step keeps which rows it has written."""
    return f"{BUILDING}/{prefix}_ids"
