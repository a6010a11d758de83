"""A folder of pictures to an index that the runtime serves. Incremental by content, resumable, switched as a whole.

Owns the order of the steps; each step has a file of its own in `export/library/`. Needs no torch: it runs wherever the
runtime does.
"""

from pathlib import Path

from rich.console import Console

from export.errors import FolderUnusable, unwritable_refused
from export.library.calibrating import calibrate
from export.library.caption_vectors import CaptionVectors
from export.library.catalog import Catalog, same_pictures
from export.library.contents import KnownContents, hash_images, remembered_hashes
from export.library.encoding import Captioner, ImageEncoder, Models, encode_images
from export.library.generation import (
    NextGeneration,
    last_generation,
    name_of,
    publish,
    remove_leftovers,
    sole_writer,
)
from export.library.intake import Intake
from export.library.journal import Encoded, Journal
from export.library.plan import Plan, plan_ids
from export.library.scan import Scan, SkippedImage, scan_folder
from export.library.stores import IVF_FROM
from export.library.summary import Summary, print_skipped, print_summary, progress_bar

__all__ = ["IVF_FROM", "Captioner", "ImageEncoder", "Models", "Summary", "build_index"]


def build_index(
    folder: Path, out: Path, *, models: Models, console: Console | None = None, ivf_from: int = IVF_FROM
) -> Summary:
    """Bring the index in `out` up to date with the pictures in `folder`, and print what was done.

    Models run only on contents that neither the last generation nor the journal of a killed build knows. Where nothing has
    changed, no file is written. An interrupted build goes on where it was when it is started again, and ends with the
    ids, captions and vectors of an uninterrupted one.

    Args:
        folder: the pictures, subfolders included.
        out: the index folder; made if need be.
        models: what embeds and captions. Without a captioner, captions stay empty until a run that has one.
        console: where progress and the summary go; the default is standard error.
        ivf_from: from how many pictures on a search looks through the nearest clusters alone.

    Raises:
        FolderUnusable: the folder is not there, or holds no picture that can be read; the index is as it was.
        OutputUnwritable: the disk is full, `out` cannot be written, or another build holds it; the index is as it was.
        SessionFailed: a graph refused a picture.
        KeyboardInterrupt: Ctrl-C; what was encoded is kept.
    """
    console = console or Console(stderr=True)
    scan = scan_folder(folder, leave_out=out)
    with sole_writer(out):
        try:
            summary = _Build(scan, out, models, console, ivf_from=ivf_from).run()
        except KeyboardInterrupt:
            console.print("Stopped. What is done is kept: the same command goes on from here.", style="yellow")
            raise
    print_summary(summary, console)
    return summary


class _Build:
    """One run of `build_index`, under its lock."""

    def __init__(self, scan: Scan, out: Path, models: Models, console: Console, *, ivf_from: int) -> None:
        self._scan, self._out, self._models, self._console, self._ivf_from = scan, out, models, console, ivf_from
        self._last = last_generation(out, lambda warning: console.print(warning, style="yellow", markup=False))
        manifest = self._last.manifest
        self._same_folder = manifest is not None and manifest.images_dir == str(scan.folder)
        self._intake = Intake(scan)

    def run(self) -> Summary:
        """Hash, encode, plan, and publish what differs from the last generation."""
        self._hash()
        with unwritable_refused(self._out):
            journal = Journal(self._out, self._models.fingerprint)
        with journal:
            encoded = self._encode(journal)
            known = KnownContents(self._last, journal, self._models.fingerprint)
            self._intake.skip_unknown(known)
            self._refuse_empty()
            plan = plan_ids(self._last.catalog.rows, self._intake.hashes, self._last.catalog.next_id)
            catalog = self._intake.catalog(known, plan)
            with unwritable_refused(self._out):
                number = self._last.number if self._is_published(catalog) else self._publish(catalog, known, journal)
                remove_leftovers(self._out, number)
                journal.delete()
        return self._summary(plan, number, encoded)

    def _hash(self) -> None:
        # in another folder, a picture of the same name, length and time may be another one
        remembered = remembered_hashes(self._scan, self._last.catalog if self._same_folder else Catalog())
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

    def _encode(self, journal: Journal) -> int:
        """Run the models on what is new, into the journal; returns on how many contents."""
        known = KnownContents(self._last, journal, self._models.fingerprint)
        pending = self._intake.pending(known, captions=self._models.captioner is not None)
        encoded = 0
        with progress_bar(self._console, "Encoding", len(pending)) as advance:
            for batch in encode_images(self._scan.folder, pending, self._models):
                with unwritable_refused(self._out):
                    journal.record(outcome for outcome in batch if not isinstance(outcome, SkippedImage))
                self._intake.skip(outcome for outcome in batch if isinstance(outcome, SkippedImage))
                encoded += sum(isinstance(outcome, Encoded) for outcome in batch)
                advance(len(batch))
        return encoded

    def _refuse_empty(self) -> None:
        if not self._intake.hashes:
            print_skipped(self._intake.skipped, self._console)
            reason = f"none of its {len(self._intake.skipped):,} pictures can be read"
            raise FolderUnusable(self._scan.folder, reason)

    def _is_published(self, catalog: Catalog) -> bool:
        """Return whether the last generation says all this already: then its files are left alone."""
        same_models = self._last.made_with(self._models.fingerprint)
        has_witnesses = self._last.captions is not None or not any(row.caption for row in catalog.rows)
        has_form = self._last.has_form_for(len(catalog.rows), self._ivf_from)
        same = self._same_folder and same_models and same_pictures(self._last.catalog, catalog)
        return same and has_witnesses and has_form

    def _publish(self, catalog: Catalog, known: KnownContents, journal: Journal) -> int:
        captions = CaptionVectors(self._last, journal, self._models)
        captions.embed_missing(catalog.rows, self._console)
        following = NextGeneration(
            number=self._last.number + 1,
            catalog=catalog,
            images_dir=self._scan.folder,
            models=self._models.fingerprint,
            dimension=self._models.encoder.dimension,
            vectors=known.vector_batches(catalog.rows),
            captions=captions.batches(catalog.rows),
            calibrate=lambda pictures, witnesses: calibrate(
                catalog.rows, pictures, witnesses, self._models.encoder.embed_texts, self._console
            ),
            ivf_from=self._ivf_from,
        )
        publish(self._out, following, self._console)
        return following.number

    def _summary(self, plan: Plan, number: int, encoded: int) -> Summary:
        return Summary(
            count=len(plan.ids),
            generation=name_of(number),
            written=number != self._last.number,
            added=len(plan.added),
            changed=len(plan.changed),
            renamed=len(plan.renamed),
            removed=len(plan.removed),
            unchanged=len(plan.unchanged),
            encoded=encoded,
            other_files=self._scan.other_files,
            skipped=tuple(self._intake.skipped),
        )
