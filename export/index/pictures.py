"""The pictures of one build: which there are, the sha256 of each, which are skipped, and which are kept from the last one.

Reads files only to hash them. Runs no model.
"""

import shlex
from collections import Counter
from collections.abc import Callable, Collection, Container, Iterable, Sequence
from pathlib import Path, PurePosixPath

from rich.console import Console

from export.console import progress_bar
from export.errors import FolderUnusable
from export.index.another_folder import is_same_folder
from export.index.catalog import Catalog, IndexedImage
from export.index.contents import KnownContents
from export.index.folder.found import FoundImage, Scan, SkippedImage, why_no_picture
from export.index.folder.hashing import hash_images, is_too_large, remembered_hashes
from export.index.folder.skipped_report import print_skipped
from export.index.generations.last_generation import Generation
from export.index.unreachable_pictures import EMPTY, EVERYWHERE, GONE, GONE_NS, KeptPictures, folder_of
from runtime.artefacts.file_record import open_file
from runtime.images import AWAITED_REASONS


class FolderPictures:
    """What one look at a folder found, and what became of it.

    Attributes:
        hashes: the sha256 by path of every picture that is not skipped.
        skipped: what is not in the library, and why.
        last: what the last generation held, if it was made of this folder.
        kept: the rows of it that stay as they are.
    """

    def __init__(self, scan: Scan, last: Generation, known: KnownContents, forget: Collection[str] = ()) -> None:
        """Begin with what the folder holds; no file is read yet.

        Args:
            scan: the look at the folder.
            last: the last generation, of this folder or another.
            known: what is known of contents; a row can be kept only if it knows its vector.
            forget: the folders below which nothing is kept, by relative path; "." for all.
        """
        self._scan, self._known = scan, known
        self._images = {image.image_path: image for image in scan.images}
        self._written_ns, self._indexed = last.written_ns, {row.image_path: row.sha256 for row in last.catalog.rows}
        self.hashes: dict[str, str] = {}
        self.skipped = list(scan.skipped)
        # in another folder, a picture of the same name, length and time may be another one
        of_this_folder = last.manifest is not None and is_same_folder(Path(last.manifest.images_dir), scan.folder)
        self.last = last.catalog if of_this_folder else Catalog()
        self._leaving = {row.image_path: why for row in self.last.rows if (why := scan.why_left_out(row.image_path))}
        stay = {row.image_path: row for row in self.last.rows if row.image_path not in self._leaving}
        self.kept = KeptPictures(stay, forget)
        self._about_gone = list[str]()

    @property
    def folder(self) -> Path:
        """Where the pictures lie."""
        return self._scan.folder

    @property
    def left_out_lines(self) -> list[str]:
        """How many pictures leave the index as they are left out on purpose now, by rule, or as they are no longer there."""
        counts = Counter(self._leaving.values())
        return [*(f"{count:,} left the index: {rule}." for rule, count in sorted(counts.items())), *self._about_gone]

    def believe_captions(self) -> None:
        """Take over the captions of a damaged catalogue whose sha256 are lost, for files that are older than it."""
        for row in self.last.rows:
            image, sha256 = self._images.get(row.image_path), self.hashes.get(row.image_path)
            if not row.sha256 and row.caption is not None and image and sha256 and image.mtime_ns < self._written_ns:
                self._known.captions.setdefault(sha256, row.caption)

    def keep_unknown(self) -> None:
        """Keep the rows of what could not be looked at, and skip folders that held no picture before.

        What is certainly not where it was, and has turned up elsewhere, was moved, and is not kept.

        Raises:
            FolderUnusable: such a picture has to be embedded again.
        """
        moved = Counter(sha256 for path, sha256 in self.hashes.items() if self.kept.row_of(path) is None)
        for row, folder, reason in list(self.kept.unknown(self._scan)):
            if reason in {EMPTY, GONE} and moved[row.sha256]:
                moved[row.sha256] -= 1
            else:
                self._keep(row, folder, reason, row.mtime_ns)
        self._keep_closed()
        self._refuse_lacking()
        places = {str(place) for path in self.kept.rows for place in (path, *PurePosixPath(path).parents)}
        self.skipped += [SkippedImage(name, why) for name, why in self._scan.unlisted.items() if name not in places]

    def hash_indexed(self, console: Console, while_read: Callable[[FoundImage], None]) -> bool:
        """Find the content of every picture at a path that the last generation has, as `hash` does.

        A file that was not touched since the last build is not read.

        Returns:
            Whether all that the last generation has is as it was, so that nothing can have come but new pictures.
        """
        self.hashes |= remembered_hashes(self._scan, self.last)
        self._hash([image for image in self.unread() if image.image_path in self._indexed], console, while_read)
        same = (self.hashes.get(path) == sha256 in self._known.sizes for path, sha256 in self._indexed.items())
        return all(same)

    def hash_rest(self, console: Console, while_read: Callable[[FoundImage], None]) -> None:
        """Find the content of every picture that is not known yet, as `hash` does."""
        self._hash(self.unread(), console, while_read)

    def unread(self) -> list[FoundImage]:
        """Return the pictures, sorted by path, whose content is not known yet, and that are not skipped."""
        passed = self.hashes.keys() | {image.name for image in self.skipped}
        return [image for image in self._scan.images if image.image_path not in passed]

    def hash(
        self,
        images: Sequence[FoundImage],
        while_read: Callable[[FoundImage], None],
        advance: Callable[[int], None] = lambda _: None,
    ) -> None:
        """Find the content of pictures, and count them as they are read.

        Each is given to `while_read` right after it was read, while the system still has it in memory.
        """
        for image, outcome in hash_images(self._scan.folder, images):
            if isinstance(outcome, SkippedImage):
                self.skip([outcome])
            else:
                self.hashes[image.image_path] = outcome
                while_read(image)
            advance(1)

    def skip(self, images: Iterable[SkippedImage]) -> None:
        """Leave pictures out; one whose file could not be read this time, or is not whole yet, keeps the row that it had."""
        for image in images:
            is_unknown = image.sha256 is None or image.reason.startswith(AWAITED_REASONS)
            if not (is_unknown and self._keep_unread(image)):
                self.skipped.append(image)
                self.hashes.pop(image.name, None)

    def skip_failed(self, console: Console) -> None:
        """Skip what cannot be decoded, and what has no vector because another file of the same content changed meanwhile.

        Raises:
            FolderUnusable: no picture is left.
        """
        for image, sha256 in self.hashed():
            if sha256 in self._known.failures:
                reason = self._known.failures[sha256]
                self.skip([SkippedImage(image.image_path, reason, sha256, image.bytes, image.mtime_ns)])
            elif sha256 not in self._known.sizes:
                self.skip([SkippedImage(image.image_path, "a file of the same content changed while it was being read")])
        if not self.hashes:
            print_skipped(self.skipped, console)
            count = len(self.skipped)
            reason = (
                f"none of its {count:,} pictures can be read" if count else why_no_picture(self._scan, may_be_a_drive=True)
            )
            raise FolderUnusable(self._scan.folder, reason)

    def keep_gone(self, gone: Collection[str]) -> bool:
        """Keep the rows of pictures that have gone, if they are too many to be believed; returns whether they were kept.

        Raises:
            FolderUnusable: one has to be embedded again.
        """
        if not self.kept.are_too_many(gone):
            self._about_gone = self.kept.lines_about(gone)
            return False
        for path in sorted(gone):
            if row := self.kept.row_of(path):
                self._keep(row, EVERYWHERE, GONE, GONE_NS)
        self._refuse_lacking()
        return True

    def hashed(self) -> list[tuple[FoundImage, str]]:
        """Return the pictures that are not skipped, sorted by path, each with its sha256."""
        return [(self._images[path], sha256) for path, sha256 in sorted(self.hashes.items())]

    def without(self, known: Container[str], leave_out: Container[str] = ()) -> dict[str, FoundImage]:
        """Return the first picture, by path, of each content that is not among the known, by its sha256.

        Pictures at the paths in `leave_out`, and those that are kept and cannot be read, are passed over.
        """
        images: dict[str, FoundImage] = {}
        for image, sha256 in self.hashed():
            if sha256 not in known and image.image_path not in leave_out and image.image_path not in self.kept.rows:
                images.setdefault(sha256, image)
        return images

    def unknown_among(self, images: Iterable[FoundImage]) -> dict[str, FoundImage]:
        """Return the first of these pictures of each content that nothing is known of, by its sha256."""
        unknown: dict[str, FoundImage] = {}
        for image in images:
            sha256 = self.hashes.get(image.image_path)
            if sha256 and sha256 not in self._known.sizes and sha256 not in self._known.failures:
                unknown.setdefault(sha256, image)
        return unknown

    def _hash(self, images: Sequence[FoundImage], console: Console, while_read: Callable[[FoundImage], None]) -> None:
        with progress_bar(console, "Reading", len(images)) as advance:
            self.hash(images, while_read, advance)

    def _keep_unread(self, image: SkippedImage) -> bool:
        """Return whether a picture that could not be read keeps the row that it had."""
        row, found = self.kept.row_of(image.name), self._images.get(image.name)
        if row is None or row.sha256 not in self._known.sizes or (found and is_too_large(found)):
            return False
        self._keep(row, folder_of(image.name), image.reason, row.mtime_ns)
        return True

    def _keep_closed(self) -> None:
        """Keep the rows of files that must be embedded again and cannot be opened: said before the others are embedded."""
        for path in [image.image_path for image in self._scan.images]:
            row = self.kept.row_of(path)
            if row and row.sha256 not in self._known.sizes and self.hashes.get(path, row.sha256) == row.sha256 != "":
                try:
                    open_file(self._scan.folder / path).close()
                except OSError as cause:
                    self._keep(row, folder_of(path), f"it cannot be read ({cause.strerror or cause})", row.mtime_ns)

    def _refuse_lacking(self) -> None:
        lacking = [row for row in self.kept.rows.values() if row.sha256 not in self._known.sizes]
        if lacking:
            place, reason = self.kept.reason_of(lacking[0])
            place = lacking[0].image_path if len(lacking) == 1 else place
            raise FolderUnusable(self._scan.folder / place, _why_needed(reason, len(lacking), place))

    def _keep(self, row: IndexedImage, folder: str, reason: str, mtime_ns: int) -> None:
        self.kept.keep(row, folder, reason)
        self.hashes[row.image_path] = row.sha256
        self._images[row.image_path] = FoundImage(row.image_path, row.bytes, mtime_ns)


def _why_needed(reason: str, count: int, place: str) -> str:
    it, them = ("it", "it") if count == 1 else (f"{count:,} pictures", "them")
    forget = f"--forget-below {shlex.quote(place)}" if count == 1 else "--forget"
    return (
        f"{reason}, and {it} must be embedded again, as the models are others or the index is damaged. "
        f"Make {them} readable, or give {them} up with {forget}"
    )
