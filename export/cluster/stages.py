"""The work on pictures that a cluster does: rows in, rows out, by the functions of `export/index/`. Knows no Ray.

A row that comes in may be known in part: of a picture that was moved, or that has no caption yet, only the rest is made.
"""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import gettempdir
from typing import TYPE_CHECKING, Any

import numpy as np

from export.cluster.local_files import files_at_hand
from export.cluster.rows import facts_columns, failure_of, found_of
from export.cluster.shard_files import previews_folder, put_failures
from export.cluster.shards import import_pyarrow, pictures_schema
from export.index.folder.found import FoundImage, SkippedImage
from export.index.folder.hashing import hash_images
from export.index.photos.beside import Beside
from export.index.photos.places import PlacesFile
from export.index.photos.reading import read_facts
from export.index.pipeline import Captioner, EmbeddedImage, Models, PreviewedImages, caption_images, embed_images
from export.index.text.models import find_text_reader
from export.index.text.reading import Reader, read_images
from runtime.library.photos.photo_facts import NO_FACTS, PhotoFacts
from runtime.library.previews.preview_cache import write_previews

if TYPE_CHECKING:
    import pyarrow as pa

Rows = list[dict[str, Any]]
BESIDE = "beside"  # a column of its own on the way in: the files beside a picture
CHANGED = "a file of the same content changed while it was being read"


@dataclass(frozen=True)
class Work:
    """What is to be made of the pictures below an address, and where it goes.

    `shards` is where failures and previews are put. `captions`, `text` and `previews` say what is wanted.
    """

    address: str
    shards: str
    captions: bool = True
    text: bool = False
    previews: bool = True


def beside_table_type() -> "pa.DataType":
    """Return the type of the column `BESIDE`: a sidecar and a JSON, each a path, a length and a time, or null."""
    pa = import_pyarrow()
    file = pa.struct([("path", pa.string()), ("bytes", pa.int64()), ("mtime_ns", pa.int64())])
    return pa.struct([("sidecar", file), ("takeout", file)])


def beside_value(beside: Beside | None) -> dict[str, Any] | None:
    """Return what the column holds of a picture."""
    if beside is None:
        return None
    files = {"sidecar": beside.sidecar, "takeout": beside.takeout}
    return {
        name: file and {"path": file.image_path, "bytes": file.bytes, "mtime_ns": file.mtime_ns}
        for name, file in files.items()
    }


def hash_rows(table: "pa.Table", address: str) -> "pa.Table":
    """Return the files of a table with `sha256`, or with why they cannot be read (`reason`)."""
    images = [found_of(row) for row in table.select(["path", "bytes", "mtime_ns"]).to_pylist()]
    pa = import_pyarrow()
    with files_at_hand(address, images) as folder:
        outcomes = [outcome for _, outcome in hash_images(folder, images)]
    hashes = [None if isinstance(outcome, SkippedImage) else outcome for outcome in outcomes]
    reasons = [outcome.reason if isinstance(outcome, SkippedImage) else None for outcome in outcomes]
    return table.append_column("sha256", pa.array(hashes, pa.string())).append_column(
        "reason", pa.array(reasons, pa.string())
    )


class PictureStage:
    """Makes of pictures all that an index knows of them. Holds the models; works on one thread."""

    def __init__(self, work: Work, models: Models, places: PlacesFile | None = None) -> None:
        """Keep the models; the captioner and the text reader open when they are first needed."""
        self._work, self._models, self._places = work, replace(models, workers=1), places
        self._captioner: Captioner | None = None
        self._reader: Reader | None = None

    def __call__(self, table: "pa.Table") -> "pa.Table":
        """Return the rows complete, in the form of `pictures_schema`; failures and previews are put where shards lie.

        Raises:
            SessionFailed: onnxruntime refused a picture.
            OSError: failures or previews cannot be written.
        """
        rows: Rows = table.to_pylist()
        beside = [_beside_of(row.pop(BESIDE)) for row in rows]
        images = [found_of(row) for row in rows]
        files = [*images, *(file for one in beside for file in one.files)]
        with ExitStack() as stack:
            folder = stack.enter_context(files_at_hand(self._work.address, files))
            previews = stack.enter_context(previews_folder(self._work.shards))
            failures = self._see(folder, rows, images, previews)
            for row, image, one in zip(rows, images, beside, strict=True):
                row.update(facts_columns(self._facts(folder, image, one)))
        if failures:
            put_failures(self._work.shards, failures.values())
        return self._complete(row for row in rows if row["path"] not in failures)

    def _see(self, folder: Path, rows: Rows, images: Sequence[FoundImage], previews: Path) -> dict[str, dict[str, Any]]:
        """Embed, caption and read what is not yet; return the failures by path."""
        found = dict(zip((row["sha256"] for row in reversed(rows)), reversed(images), strict=True))
        made, failures = self._embed(folder, {one: found[one] for one in _lacking(rows, "embedding")}, previews)
        failed = {}
        for row in rows:
            image = made.get(row["sha256"])
            if image:
                size = {"width": image.width, "height": image.height}
                row.update(size, embedding=image.vector.astype(np.float16), greys=image.greys)
            elif row["embedding"] is None:
                why = failures[row["sha256"]]
                failed[row["path"]] = failure_of(_for_row(why, row))
        seen = [row for row in rows if row["path"] not in failed]
        if self._work.captions and self._models.open_captioner:
            self._caption(folder, seen, found, previews)
        self._embed_captions(seen)
        if self._work.text:
            self._read_text(folder, seen, found, previews)
        return failed

    def _embed(
        self, folder: Path, images: Mapping[str, FoundImage], previews: Path
    ) -> tuple[dict[str, EmbeddedImage], dict[str, SkippedImage]]:
        made, failures = {}, {}
        for batch in embed_images(folder, images, self._models, previews=self._work.previews):
            for sha256, outcome in batch:
                if isinstance(outcome, SkippedImage):
                    failures[sha256] = outcome
                else:
                    write_previews(previews, sha256, outcome.previews)
                    made[sha256] = outcome
        return made, failures

    def _caption(self, folder: Path, rows: Rows, found: Mapping[str, FoundImage], previews: Path) -> None:
        wanted = {sha256: found[sha256] for sha256 in _lacking(rows, "caption")}
        if wanted and self._captioner is None and self._models.open_captioner:
            self._captioner = self._models.open_captioner()
        captions = dict[str, str]()
        if self._captioner:
            sizes = {row["sha256"]: (row["width"], row["height"]) for row in rows}
            previewed = PreviewedImages(previews, sizes)
            for batch in caption_images(folder, wanted, self._captioner, self._models, previewed):
                captions |= {sha256: outcome for sha256, outcome in batch if isinstance(outcome, str)}
        for row in rows:
            row["caption"] = captions.get(row["sha256"], row["caption"])

    def _embed_captions(self, rows: Rows) -> None:
        lacking = list(dict.fromkeys(row["caption"] for row in rows if row["caption"] and row["caption_embedding"] is None))
        vectors = self._models.encoder.embed_texts(lacking) if lacking else ()
        by_caption = dict(zip(lacking, vectors, strict=True))
        for row in rows:
            if row["caption"] in by_caption:
                row["caption_embedding"] = by_caption[row["caption"]].astype(np.float16)

    def _read_text(self, folder: Path, rows: Rows, found: Mapping[str, FoundImage], previews: Path) -> None:
        wanted = {sha256: found[sha256] for sha256 in _lacking(rows, "text")}
        if wanted and self._reader is None:
            graphs = Path(gettempdir()) / "lookwhy-text"  # what glances quickly is made once a node
            graphs.mkdir(exist_ok=True)
            self._reader = find_text_reader(graphs)()
        texts = dict[str, str]()
        if self._reader:
            for batch in read_images(folder, wanted, self._reader, index_dir=previews, workers=1):
                texts |= {sha256: outcome for sha256, outcome in batch if isinstance(outcome, str)}
        for row in rows:
            row["text"] = texts.get(row["sha256"], row["text"])

    def _facts(self, folder: Path, image: FoundImage, beside: Beside) -> PhotoFacts:
        try:
            return read_facts(folder, image, beside, self._places)
        except OSError:  # it went away, which a failure says, or a later build finds out
            return NO_FACTS

    def _complete(self, rows: Iterable[dict[str, Any]]) -> "pa.Table":
        pa = import_pyarrow()
        schema = pictures_schema(self._models.encoder.dimension)
        full = [
            {"caption_source": "index"} | {key: value for key, value in row.items() if value is not None} for row in rows
        ]
        return pa.Table.from_pylist(full, schema=schema)


def _lacking(rows: Rows, column: str) -> list[str]:
    """Return the contents, each once, of the rows that have nothing in a column."""
    return list(dict.fromkeys(row["sha256"] for row in rows if row[column] is None))


def _for_row(why: SkippedImage, row: Mapping[str, Any]) -> SkippedImage:
    """Return why a content could not be decoded, as said of one of its files."""
    reason = why.reason if why.sha256 or why.name == row["path"] else CHANGED
    return SkippedImage(row["path"], reason, why.sha256, row["bytes"], row["mtime_ns"])


def _beside_of(value: Mapping[str, Any] | None) -> Beside:
    files = value or {}
    return Beside(*(FoundImage(**_renamed(files[name])) if files.get(name) else None for name in ("sidecar", "takeout")))


def _renamed(file: Mapping[str, Any]) -> dict[str, Any]:
    return {"image_path": file["path"], "bytes": file["bytes"], "mtime_ns": file["mtime_ns"]}
