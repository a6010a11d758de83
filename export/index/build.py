"""A folder of pictures to an index that the runtime serves. Incremental by content, resumable, switched as a whole.

Owns the order of the steps; each step has a file of its own in `export/index/`. Needs no torch: it runs wherever the
runtime does.
"""

from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from rich.console import Console

from export.console import progress_bar
from export.errors import FolderUnusable, unwritable_refused
from export.index.caption_vectors import CaptionVectors
from export.index.catalog import Catalog
from export.index.contents import KnownContents, hash_images, remembered_hashes
from export.index.decode import PendingImage
from export.index.encoding import Captioner, ImageEncoder, Models, caption_images, embed_images
from export.index.generation import last_generation, name_of, sole_writer
from export.index.ids import Plan, plan_ids
from export.index.intake import Intake
from export.index.journal import Captioned, Embedded, Journal
from export.index.publisher import Order, Publisher
from export.index.scan import Scan, SkippedImage, scan_folder
from export.index.summary import Summary, print_skipped, print_summary

__all__ = ["Captioner", "ImageEncoder", "Models", "Order", "Summary", "build_index"]


def build_index(
    folder: Path, out: Path, *, models: Models, console: Console | None = None, order: Order | None = None
) -> Summary:
    """Bring the index in `out` up to date with the pictures in `folder`, and print what was done.

    First every new picture is embedded, then those without a caption are captioned. Models run only on contents that neither
    the last generation nor the journal of a killed build knows. Where nothing has changed, no file is written. However often
    a build is interrupted, or its captions put off, it ends with the ids, captions and vectors of an uninterrupted one.

    Args:
        folder: the pictures, subfolders included.
        out: the index folder; made if need be.
        models: what embeds and captions. Without a captioner, captions stay empty until a run that has one.
        console: where progress and the summary go; the default is standard error.
        order: whether captions are made in this run, and how often they are published meanwhile; None is the default order.

    Raises:
        FolderUnusable: the folder is not there, or holds no picture that can be read; the index is as it was.
        OutputUnwritable: the disk is full, `out` cannot be written, or another build holds it; the index is as it was.
        SessionFailed: a graph refused a picture.
        KeyboardInterrupt: Ctrl-C; what was done is kept, and captions made so far are in the index.
    """
    console, order = console or Console(stderr=True), order or Order()
    scan = scan_folder(folder, leave_out=out)
    with sole_writer(out):
        try:
            summary = _Build(scan, out, models, order, console=console).run()
        except KeyboardInterrupt:
            console.print("Stopped. What is done is kept: the same command goes on from here.", style="yellow")
            raise
    print_summary(summary, console)
    return summary


class _Build:
    """One run of `build_index`, under its lock."""

    def __init__(self, scan: Scan, out: Path, models: Models, order: Order, *, console: Console) -> None:
        self._scan, self._out, self._models, self._order, self._console = scan, out, models, order, console
        self._last = last_generation(out, lambda warning: console.print(warning, style="yellow", markup=False))
        self._intake = Intake(scan)
        self._publisher = Publisher(out, scan.folder, last=self._last, models=models, order=order)
        with unwritable_refused(out):
            self._journal = Journal(out, models.fingerprint)
        self._caption_vectors = CaptionVectors(self._last, self._journal, models)

    def run(self) -> Summary:
        """Hash, embed, plan, caption, and publish what differs from the last generation."""
        with self._journal:
            self._hash()
            encoded = self._embed()
            known = self._known()
            self._intake.skip_unknown(known)
            self._refuse_empty()
            plan = plan_ids(self._last.catalog.rows, self._intake.hashes, self._last.catalog.next_id)
            if not self._order.captions_later:
                self._caption(plan, self._intake.pending(known.lacks_caption))
            catalog = self._publish(plan)
            with unwritable_refused(self._out):
                self._journal.delete()
        return self._summary(plan, catalog, encoded)

    def _hash(self) -> None:
        manifest = self._last.manifest
        same_folder = manifest is not None and manifest.images_dir == str(self._scan.folder)
        # in another folder, a picture of the same name, length and time may be another one
        remembered = remembered_hashes(self._scan, self._last.catalog if same_folder else Catalog())
        unknown = []
        for image in self._scan.images:
            if sha256 := remembered.get(image.image_path):
                self._intake.admit(image, sha256)
            else:
                unknown.append(image)
        with progress_bar(self._console, "Reading", len(unknown)) as advance:
            for image, outcome in hash_images(self._scan.folder, unknown):
                self._intake.admit(image, outcome)
                advance(1)

    def _known(self) -> KnownContents:
        return KnownContents(self._last, self._journal, self._models.fingerprint)

    def _embed(self) -> int:
        """Embed what is new, into the journal; returns how many contents."""
        pending = self._intake.pending(self._known().lacks_vector)
        embedded = 0
        with progress_bar(self._console, "Embedding", len(pending)) as advance:
            for batch in embed_images(self._scan.folder, pending, self._models):
                with unwritable_refused(self._out):
                    self._journal.record(outcome for outcome in batch if not isinstance(outcome, SkippedImage))
                self._intake.skip(outcome for outcome in batch if isinstance(outcome, SkippedImage))
                embedded += sum(isinstance(outcome, Embedded) for outcome in batch)
                advance(len(batch))
        return embedded

    def _caption(self, plan: Plan, pending: Sequence[PendingImage]) -> None:
        """Caption pictures, into the journal, and publish now and then, and at Ctrl-C; the rest is left to the caller.

        A picture whose file has gone or changed meanwhile keeps its row without a caption: the next run finds it out.
        """
        if not pending or not self._models.open_captioner:
            return
        try:
            if self._publisher.is_due:  # embedding took long: let it be searched
                self._publish(plan)
            captioner = self._models.open_captioner()
            batches = closing(caption_images(self._scan.folder, pending, captioner, workers=self._models.workers))
            with batches as captioned, progress_bar(self._console, "Captioning", len(pending)) as advance:
                for batch in captioned:
                    self._keep([outcome for outcome in batch if isinstance(outcome, Captioned)])
                    advance(len(batch))
                    if self._publisher.is_due:
                        self._publish(plan)
        except KeyboardInterrupt:
            told = "Stopping: what is done goes into the index. Ctrl-C again leaves that to the next run."
            self._console.print(told, style="yellow")
            self._publish(plan)
            raise

    def _keep(self, captioned: Sequence[Captioned]) -> None:
        with unwritable_refused(self._out):
            self._journal.record(captioned)
            self._caption_vectors.embed(outcome.caption for outcome in captioned)

    def _publish(self, plan: Plan) -> Catalog:
        """Bring the index up to what is known by now."""
        known = self._known()
        catalog = self._intake.catalog(known, plan)
        self._publisher.publish(catalog, known, self._caption_vectors, self._console)
        return catalog

    def _refuse_empty(self) -> None:
        if not self._intake.hashes:
            print_skipped(self._intake.skipped, self._console)
            reason = f"none of its {len(self._intake.skipped):,} pictures can be read"
            raise FolderUnusable(self._scan.folder, reason)

    def _summary(self, plan: Plan, catalog: Catalog, encoded: int) -> Summary:
        uncaptioned = sum(row.caption is None for row in catalog.rows) if self._models.open_captioner else 0
        return Summary(
            count=len(plan.ids),
            generation=name_of(self._publisher.number),
            written=self._publisher.number != self._last.number,
            added=len(plan.added),
            changed=len(plan.changed),
            renamed=len(plan.renamed),
            removed=len(plan.removed),
            unchanged=len(plan.unchanged),
            encoded=encoded,
            uncaptioned=uncaptioned,
            captions_later=self._order.captions_later,
            other_files=self._scan.other_files,
            skipped=tuple(self._intake.skipped),
        )
