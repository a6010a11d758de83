"""When a build writes a generation, and whether there is anything to write: at its end, and now and then before it.

How a generation is written and switched is `generation.py`'s.
"""

import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from export.errors import unwritable_refused
from export.index.captions.embedded_once import EmbeddedOnce
from export.index.captions.vectors import CaptionVectors
from export.index.catalog import Catalog, same_pictures
from export.index.contents import KnownContents
from export.index.generations.generation import NextGeneration, publish
from export.index.generations.history import keep_manifest, next_number, remove_leftovers
from export.index.generations.last_generation import Generation
from export.index.photos.grouping import PictureGroups
from export.index.photos.places import PlacesFile
from export.index.pipeline import Models
from export.index.text.reading import Reader
from export.index.vectors.store_files import IVF_FROM
from runtime.library.text_index import can_index_text

FIRST_WAIT_S = 30.0  # until a build first publishes; then twice as long each time, up to `publish_every_s`
PUBLISHING_SHARE = 0.05  # of a build's time, at most


@dataclass(frozen=True)
class BuildOptions:
    """How an index is to be built.

    Attributes:
        captions_later: captions are left to a later run.
        publish_every_s: after so many seconds at most, what was made so far is published, unless publishing itself takes
            long; 0 is at every occasion.
        ivf_from: from so many pictures on, a search scans only the nearest clusters.
        given_captions: captions that people gave, by the picture's path, the one to be shown first; None where none were.
        labels: captions by people, by the picture's path, that match probabilities are fitted to; the index is then written
            anew in any case. None where they are fitted to the index's own captions.
        keep: how many generations before the one in force stay, to go back to.
        places: the table that names positions; None where there is none.
        open_text_reader: opens what reads text in pictures; None where none is read in this run.
        text_later: text is left to a later run, which the summary then asks for.
        previews: whether previews of the pictures are made, for the page and to be captioned from.
        forget: folders, by path below the pictures', "." for all; what cannot be looked at there leaves the index.
        exclude: patterns of what is left out, as `ExclusionRules` takes them.
        include_hidden: files and folders whose names begin with a dot count, too.
        reuse: the folder of another index of the same pictures, from which captions and previews are taken over.
    """

    captions_later: bool = False
    publish_every_s: float = 600.0
    ivf_from: int = IVF_FROM
    given_captions: Mapping[str, Sequence[str]] | None = None
    labels: Mapping[str, Sequence[str]] | None = None
    keep: int = 1
    places: PlacesFile | None = None
    open_text_reader: Callable[[], Reader] | None = None
    text_later: bool = False
    previews: bool = True
    forget: Collection[str] = ()
    exclude: Sequence[str] = ()
    include_hidden: bool = False
    reuse: Path | None = None


class Publisher:
    """Publishes one build's catalogues.

    Attributes:
        number: the generation that holds the last of them.
        is_partial: whether it lacks pictures that were still to be embedded.
    """

    def __init__(
        self,
        out: Path,
        images_dir: Path,
        *,
        last: Generation,
        models: Models,
        options: BuildOptions,
        groups: PictureGroups,
    ) -> None:
        """Start from what `out` holds now; `groups` finds copies and bursts."""
        self._groups = groups
        self._out, self._images_dir, self._models, self._options = out, images_dir, models, options
        self._last, self.number = last, last.number
        self._passing: set[int] = set()  # generations of this build
        self._before: set[int] = set()  # which a reader may be opening
        self._published: Catalog | None = last.catalog if self._is_whole(last) else None
        self._published_s, self._wait_s = time.monotonic(), min(FIRST_WAIT_S, options.publish_every_s)
        self.is_partial = last.manifest is not None and last.manifest.awaited > 0

    @property
    def is_due(self) -> bool:
        """Whether the build has gone on for long enough since it began or last published."""
        return time.monotonic() - self._published_s >= self._wait_s

    def publish(
        self, catalog: Catalog, known: KnownContents, captions: CaptionVectors, console: Console, *, awaited: int = 0
    ) -> None:
        """Write and switch to a generation of this catalogue, unless the one in force has all of it already.

        Args:
            catalog: the rows that are to be found.
            known: their vectors.
            captions: the vectors of their captions.
            console: where progress goes.
            awaited: how many pictures are still to be embedded.

        Raises:
            OutputUnwritable: the disk is full, or the folder cannot be written; the index is as it was.
            SessionFailed: the text tower refused a caption or a question.
        """
        began_s = time.monotonic()
        with unwritable_refused(self._out):
            if self.is_partial or self._published is None or not same_pictures(self._published, catalog):
                self._before = {self._last.number, self.number} - {0}
                self._write(catalog, known, captions, console, awaited=awaited)
                self._passing.add(self.number)
            else:
                keep_manifest(self._out)
            remove_leftovers(self._out, self.number, before=self._before, passing=self._passing, keep=self._options.keep)
        self._published_s, self.is_partial = time.monotonic(), awaited > 0
        self._wait_s = next_wait_s(self._wait_s, self._options.publish_every_s, spent_s=self._published_s - began_s)

    def _write(
        self, catalog: Catalog, known: KnownContents, captions: CaptionVectors, console: Console, *, awaited: int
    ) -> None:
        captions.embed_missing(catalog.rows, console)
        # Counted up before: where Ctrl-C breaks in, the folder may be in force already, and must not be written again.
        self.number = next_number(self._out, self.number)
        following = NextGeneration(
            number=self.number,
            catalog=catalog,
            images_dir=self._images_dir,
            models=self._models.fingerprint,
            dimension=self._models.encoder.dimension,
            vectors=known.vector_batches(catalog.rows),
            captions=captions.batches(catalog.rows),
            embed_texts=EmbeddedOnce(self._models.encoder.embed_texts),
            ivf_from=self._options.ivf_from,
            labels=self._options.labels,
            groups=self._groups,
            levels=self._models.levels,
            decode=self._models.decode,
            awaited=awaited,
            adds_to_last=not self._last.is_damaged,
        )
        publish(self._out, following, console)
        self._published = catalog

    def _is_whole(self, last: Generation) -> bool:
        """Return whether a generation is of this folder and these models, and has all that one written now would have.

        That is its size's form, its full text and its captions' vectors.
        """
        manifest = last.manifest
        if self._options.labels is not None or last.is_damaged:
            return False
        if manifest is None or manifest.images_dir != str(self._images_dir) or not last.made_with(self._models.fingerprint):
            return False
        if not last.has_form_for(len(last.catalog.rows), self._options.ivf_from):
            return False
        if not last.catalog.has_text and can_index_text():
            return False
        return last.captions is not None or not any(row.caption for row in last.catalog.rows)


def next_wait_s(waited_s: float, every_s: float, *, spent_s: float) -> float:
    """Return how long to wait until a build publishes again: twice as long as before, up to `every_s`, of which 0 stays 0.

    Publishing a large library takes long, and longest where it is clustered anew: it gets `PUBLISHING_SHARE` of the time.
    """
    return max(min(2 * waited_s, every_s), spent_s / PUBLISHING_SHARE) if every_s else 0.0


@contextmanager
def published_at_ctrl_c(publish: Callable[[], object], console: Console) -> Iterator[None]:
    """Bring the index up to what is known by then, where Ctrl-C breaks into the block."""
    try:
        yield
    except KeyboardInterrupt:
        stopping = "Stopping: what is done goes into the index. Ctrl-C again leaves that to the next run."
        console.print(stopping, style="yellow")
        publish()
        raise
