"""A folder of pictures to an index that the runtime serves. Incremental by content, resumable, switched as a whole.

Owns the order of the steps; each has a file of its own in `export/index/`. Needs no torch: it runs where the runtime does.
"""

from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

from rich.console import Console

from export.errors import FolderUnusable, unwritable_refused
from export.index.another_folder import refuse_another
from export.index.captions.given import match_given, print_given
from export.index.captions.making import CaptionStep
from export.index.captions.vectors import CaptionVectors
from export.index.catalog import Catalog
from export.index.contents import KnownContents, former_captions
from export.index.folder.excluded_files import ExclusionRules
from export.index.folder.found import Scan, not_read_lines, why_no_picture
from export.index.folder.scan import may_be_a_drive, scan_folder
from export.index.generations.history import bytes_of, name_of, sole_writer, whole_generations
from export.index.generations.publisher import BuildOptions, Publisher, published_at_ctrl_c
from export.index.generations.salvage import last_generation
from export.index.ids import IdAssignment, assign_ids
from export.index.journal import Journal
from export.index.photos.folder_facts import FolderFacts
from export.index.photos.grouping import PictureGroups
from export.index.photos.known_photos import known_photos
from export.index.photos.missing_signatures import sign_missing
from export.index.photos.previews import PreviewFolder
from export.index.photos.signatures import Signatures
from export.index.pictures import FolderPictures
from export.index.pipeline import Captioner, ImageEncoder, Models
from export.index.rebuild_reasons import compare_models
from export.index.reuse import take_over
from export.index.summary import Summary, print_found, print_summary
from export.index.text.step import TextStep
from export.index.vectors.embedding import EmbedStep
from runtime.artefacts.manifest import MANIFEST_NAME
from runtime.library.caption_file import CaptionFile

__all__ = ["BuildOptions", "Captioner", "ImageEncoder", "Models", "Summary", "build_index"]


def build_index(
    folder: Path, out: Path, *, models: Models, console: Console | None = None, options: BuildOptions | None = None
) -> Summary:
    """Bring the index in `out` up to date with the pictures in `folder`, and print what was done.

    First every new picture is embedded, then those without a caption are captioned. Models run only on contents that neither
    the last generation nor the journal of a killed build knows. Where nothing has changed, no file is written. What is done
    is published now and then, with the ids that it keeps. However often a build is interrupted, or its captions put off, it
    ends with the ids, captions and vectors of an uninterrupted one.
    Pictures that cannot be looked at keep their rows; what is damaged of the last generation is made again.

    Args:
        folder: the pictures, subfolders included.
        out: the index folder; made if need be.
        models: what embeds and captions. Without a captioner, captions stay empty until a run that has one.
        console: where progress and the summary go; the default is standard error.
        options: whether captions are made in this run, how often they are published meanwhile, and which were given; None is
            the default. A given caption is shown in place of the models', which are then not run for it; an index has those
            that its last run was given, and no others.

    Raises:
        FolderUnusable: the folder is not there, holds no picture that can be read, or cannot be listed where pictures must
            be embedded again; the index is as it was.
        IndexOfAnother: the index is of another folder, whose pictures would leave it; it is as it was.
        OutputUnwritable: the disk is full, `out` cannot be written, or another build holds it; the index is as it was.
        SessionFailed: a graph refused a picture.
        KeyboardInterrupt: Ctrl-C; what was done is kept, and captions made so far are in the index.
    """
    console, options = console or Console(stderr=True), options or BuildOptions()
    scan = scan_folder(folder, out, ExclusionRules(folder, options.exclude, include_hidden=options.include_hidden))
    if not (scan.images or scan.skipped or (out / MANIFEST_NAME).exists()):
        raise FolderUnusable(folder, why_no_picture(scan, may_be_a_drive=may_be_a_drive(scan.folder, out)))
    print_found(scan, folder, console)
    with sole_writer(out):
        try:
            summary = _Build(scan, out, models, options, console=console).run()
        except KeyboardInterrupt as stopped:
            stopped.add_note("What is done is kept: the same command goes on from here.")
            raise
    print_summary(summary, console)
    return summary


class _Build:
    """One run of `build_index`, under its lock: each picture goes through the steps of `run`, from top to bottom."""

    def __init__(self, scan: Scan, out: Path, models: Models, options: BuildOptions, *, console: Console) -> None:
        self._scan, self._out, self._options, self._console = scan, out, options, console
        self._last = last_generation(out, console)
        refuse_another(scan, self._last, out, options.forget)
        models = self._models = compare_models(self._last, models, console, reuse=options.reuse)
        with unwritable_refused(out):
            self._journal = Journal(out, models.fingerprint)
        live_captions = CaptionFile(out, models.fingerprint).read_all()
        self._known = KnownContents(self._last, self._journal, models.fingerprint, live_captions)
        self._caption_vectors = CaptionVectors(self._last, self._journal, models)
        self._signatures = Signatures(out)
        groups = PictureGroups(self._signatures)
        self._publisher = Publisher(out, scan.folder, last=self._last, models=models, options=options, groups=groups)
        self._pictures = FolderPictures(scan, self._last, self._known, options.forget)
        self._facts = FolderFacts(scan, last=known_photos(self._pictures.last), places=options.places)
        self._texts = TextStep(out, self._last, self._journal, options)
        self._previews = PreviewFolder(out, wanted=options.previews)
        self._given: Mapping[str, tuple[str, ...]] = {}
        take_over(options, out, self._known, self._texts, models, console)

    def run(self) -> Summary:
        """Hash, embed, assign ids, make previews, caption, read text, and publish what differs from the last generation."""
        with self._journal, closing(self._signatures):
            only_new = self._pictures.hash_indexed(self._console, while_read=self._facts.read)
            if not only_new:
                self._pictures.hash_rest(self._console, while_read=self._facts.read)
                refuse_another(self._scan, self._last, self._out, self._options.forget, self._pictures.hashes)
            self._pictures.keep_unknown()
            self._pictures.believe_captions()
            self._given = self._match_given()
            encoded = self._embed(publishing=only_new)
            self._pictures.skip_failed(self._console)
            assigned = self._assign_ids()
            if self._pictures.keep_gone(assigned.removed):
                assigned = self._assign_ids()
            self._complete_facts()
            self._make_previews(assigned)
            unsigned, workers = self._pictures.without(self._signatures), self._models.workers
            sign_missing(self._signatures, self._scan.folder, unsigned, self._out, workers=workers, console=self._console)
            if not self._options.captions_later:
                self._caption(assigned)
            self._read_text(assigned)
            catalog = self._publish(assigned)
            with unwritable_refused(self._out):
                self._signatures.forget_others(self._pictures.hashes.values())
                self._journal.delete()
                self._previews.remove_unused({row.sha256 for row in catalog.rows})
        return self._summary(assigned, catalog, encoded)

    def _match_given(self) -> Mapping[str, tuple[str, ...]]:
        asked, scanned = self._options.given_captions, (image.image_path for image in self._scan.images)
        given = match_given(asked or {}, {*scanned, *self._pictures.hashes})
        print_given(given, self._last.catalog.rows, self._console, asked=asked is not None)
        return given.by_path

    def _complete_facts(self) -> None:
        self._facts.complete(self._pictures.hashed(), self._pictures.kept.rows, self._console)

    def _assign_ids(self) -> IdAssignment:
        return assign_ids(self._last.catalog.rows, self._pictures.hashes, self._last.catalog.next_id)

    def _embed(self, *, publishing: bool) -> int:
        """Embed every content that has no vector yet; returns how many were embedded.

        Where there are only new pictures, those done so far are published now and then. New ids are given in the order of
        paths, in which they are embedded, so that each is the one that the whole build would give.
        """
        self._complete_facts()
        step = EmbedStep(self._out, self._models, self._pictures, self._known, previews=self._previews)
        with closing(step.run(self._signatures, self._facts.read, self._console)) as parts:
            for left in parts:
                if publishing and left and self._publisher.is_due:
                    self._publish_embedded(left)
        return step.encoded

    def _publish_embedded(self, left: int) -> None:
        embedded = {path: sha256 for path, sha256 in self._pictures.hashes.items() if sha256 in self._known.sizes}
        if embedded:
            last = self._last.catalog
            catalog = self._publish(assign_ids(last.rows, embedded, last.next_id), awaited=left)
            count = len(catalog.rows)
            self._console.print(f"Searchable now: {count:,} of {count + left:,} pictures.", highlight=False)

    def _make_previews(self, assigned: IdAssignment) -> None:
        """Make the previews that are missing of known contents: of an index from before there were any, or removed ones."""
        missing = self._pictures.without(self._previews.complete())
        if missing:
            self._publish_if_due(assigned)
        self._previews.make(self._scan.folder, missing, self._models, self._console)

    def _caption(self, assigned: IdAssignment) -> None:
        """Caption every content that neither has a caption nor was given one; publish now and then, and at Ctrl-C."""
        images = self._pictures.without(self._known.captions, leave_out=self._given)
        step = CaptionStep(self._scan.folder, self._out, self._models, self._known, vectors=self._caption_vectors)
        batches = step.run(images, self._previews.of(self._known.sizes), self._console)
        with published_at_ctrl_c(lambda: self._publish(assigned), self._console), closing(batches):
            for _ in batches:
                self._publish_if_due(assigned)

    def _read_text(self, assigned: IdAssignment) -> None:
        """Read the text in every content that was not looked at for any, where that is wanted, into the journal."""
        with published_at_ctrl_c(lambda: self._publish(assigned), self._console):
            images, workers = self._pictures.without(self._texts.known), self._models.workers
            with closing(self._texts.read(self._scan.folder, images, workers, self._console)) as batches:
                for _ in batches:
                    self._publish_if_due(assigned)

    def _publish_if_due(self, assigned: IdAssignment) -> None:
        """Let all that is embedded be searched, if it has taken long, or if a part of it alone is in force."""
        if self._publisher.is_due or self._publisher.is_partial:
            self._publish(assigned)

    def _publish(self, assigned: IdAssignment, *, awaited: int = 0) -> Catalog:
        """Bring the index up to what is known by now of the pictures with an id, and return its catalogue."""
        rows = [
            self._known.row(assigned.ids[image.image_path], image, sha256, self._given.get(image.image_path, ()))
            for image, sha256 in self._pictures.hashed()
            if image.image_path in assigned.ids
        ]
        catalog = Catalog(
            rows=sorted(rows, key=lambda row: row.id),
            skipped=sorted(self._pictures.skipped, key=lambda image: image.name),
            next_id=assigned.next_id,
            scanned_ns=self._scan.began_ns,
            former_captions=former_captions(self._last, (row.sha256 for row in rows)),
            facts={row.id: self._facts.of(row.image_path) for row in rows},
            town_names=self._facts.town_names(self._last.catalog.town_names),
            texts=self._texts.of_rows(rows),
            compared=sum(row.sha256 in self._signatures for row in rows),
        )
        self._publisher.publish(catalog, self._known, self._caption_vectors, self._console, awaited=awaited)
        return catalog

    def _summary(self, assigned: IdAssignment, catalog: Catalog, encoded: int) -> Summary:
        uncaptioned = sum(row.caption is None for row in catalog.rows) if self._models.open_captioner else 0
        others = [number for number in whole_generations(self._out) if number != self._publisher.number]
        return Summary(
            count=len(assigned.ids),
            generation=name_of(self._publisher.number),
            written=self._publisher.number != self._last.number,
            added=len(assigned.added),
            changed=len(assigned.changed),
            renamed=len(assigned.renamed),
            removed=len(assigned.removed),
            unchanged=len(assigned.unchanged - self._pictures.kept.rows.keys()),
            kept=tuple(self._pictures.kept.folders),
            encoded=encoded,
            uncaptioned=uncaptioned,
            captions_later=self._options.captions_later,
            other_files=self._scan.other_files - self._facts.used_files,
            other_file=self._scan.other_file,
            left_out=(*not_read_lines(self._scan), *self._pictures.left_out_lines),
            unnamed_positions=self._facts.unnamed,
            unread_texts=self._texts.count_unread(catalog.rows),
            skipped=tuple(catalog.skipped),
            bytes=bytes_of(self._out / name_of(self._publisher.number)),
            others=tuple(map(name_of, others)),
            others_bytes=sum(bytes_of(self._out / name_of(number)) for number in others),
        )
