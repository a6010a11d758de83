"""What another index has of the same pictures, and these models would make alike: taken over before anything is made.

So two indexes lie side by side, of two encoders, and the slow part, captions, is made once. Reads the other index, and
writes into this build's journal; previews are linked, so that they take no room again.
"""

import os
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console

from export.errors import FolderUnusable, unwritable_refused
from export.index.contents import VECTORS_AT_ONCE, KnownContents
from export.index.generations.last_generation import Generation
from export.index.generations.publisher import BuildOptions
from export.index.generations.salvage import last_generation
from export.index.pipeline import EmbeddedImage, Models
from export.index.text.step import TextStep
from runtime.artefacts.manifest import MANIFEST_NAME
from runtime.images import PREVIEW_EDGES
from runtime.library.caption_file import CaptionFile
from runtime.library.previews.preview_cache import write_previews
from runtime.library.previews.preview_files import preview_path


def take_over(
    options: BuildOptions, out: Path, known: KnownContents, texts: TextStep, models: Models, console: Console
) -> None:
    """Take over what is not known yet from the index that the options name, if any, and say what that was.

    Captions are taken over if the same captioner made them, vectors if the same image tower did, and text in any case.

    Raises:
        FolderUnusable: there is no index in the folder that is named.
        OutputUnwritable: the disk is full, or `out` cannot be written.
    """
    other = options.reuse
    if other is None:
        return
    if not (other / MANIFEST_NAME).is_file():
        raise FolderUnusable(other, "it holds no index, and --reuse takes the folder of one")
    found = last_generation(other, console)
    rows = [row for row in found.catalog.rows if row.sha256]
    words = {
        row.sha256: one for row in rows if (one := found.catalog.texts.get(row.sha256)) and row.sha256 not in texts.known
    }
    with unwritable_refused(out):
        captions = {one: text for one, text in _captions(other, found, models) if one not in known.captions}
        if captions:
            known.keep_captions(captions)
        vectors = 0
        for embedded in _vectors(found, known, models):
            known.keep_images(embedded, {})
            vectors += len(embedded)
        texts.keep(words)
        linked = sum(_link_previews(other, out, row.sha256) for row in rows) if options.previews else 0
    if not (captions or vectors or words or linked):
        return
    console.print(
        f"Taken over from {other}: {len(captions):,} captions, {vectors:,} pictures' vectors, the text in {len(words):,} "
        f"pictures, the previews of {linked:,}.",
        markup=False,
        highlight=False,
        soft_wrap=True,
    )


def _captions(other: Path, found: Generation, models: Models) -> Iterator[tuple[str, str]]:
    """Yield the captions that the same captioner made, by the sha256 of their pictures; of two, the index's comes last."""
    for sha256, caption in CaptionFile(other, models.fingerprint).read_all().items():
        if isinstance(caption, str):  # another program may have written the file
            yield sha256, caption
    if found.made_with(models.fingerprint, "captions"):
        for row in found.catalog.rows:
            if row.sha256 and row.model_caption is not None:
                yield row.sha256, row.model_caption


def _vectors(found: Generation, known: KnownContents, models: Models) -> Iterator[dict[str, EmbeddedImage]]:
    """Yield the vectors that the same image tower made, by the sha256 of their pictures, some at a time."""
    if not found.made_with(models.fingerprint, "pictures"):
        return
    whole = [row for row in found.catalog.rows if row.sha256 and row.id not in found.lost]
    rows = [*{row.sha256: row for row in whole if row.sha256 not in known.sizes}.values()]
    for start in range(0, len(rows), VECTORS_AT_ONCE):
        batch = rows[start : start + VECTORS_AT_ONCE]
        vectors = found.vectors_of([row.id for row in batch])
        yield {row.sha256: EmbeddedImage(row.width, row.height, vector) for row, vector in zip(batch, vectors, strict=True)}


def _link_previews(other: Path, out: Path, sha256: str) -> bool:
    """Let an index have the other's previews of a picture; return whether any were linked, or copied.

    Raises:
        OSError: one cannot be written.
    """
    linked = False
    for edge in PREVIEW_EDGES:
        there, here = preview_path(other, sha256, edge), preview_path(out, sha256, edge)
        if here.exists() or not there.is_file():
            continue
        here.parent.mkdir(parents=True, exist_ok=True)
        try:
            os.link(there, here)
        except FileNotFoundError:  # it has left the other index meanwhile
            continue
        except OSError:  # on another disk, or on one without links
            write_previews(out, sha256, {edge: there.read_bytes()})
        linked = True
    return linked
