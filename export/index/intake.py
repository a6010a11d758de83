"""The pictures on their way into an index. Each is admitted with its content's hash; what fails later is skipped by name.

Holds the rules of who gets in; runs no model and writes no file.
"""

from collections.abc import Callable, Iterable, Sequence

from export.index.catalog import Catalog, IndexedImage
from export.index.contents import KnownContents
from export.index.decode import PendingImage
from export.index.ids import Plan
from export.index.scan import FoundImage, Scan, SkippedImage


class Intake:
    """The pictures of one scan: `hashes` is the content of each admitted one by path, `skipped` all that are not."""

    def __init__(self, scan: Scan) -> None:
        """Begin with nothing admitted, and skipped what the scan could not name or follow."""
        self._scan = scan
        self.hashes: dict[str, str] = {}
        self.skipped: list[SkippedImage] = list(scan.skipped)

    def admit(self, image: FoundImage, outcome: str | SkippedImage) -> None:
        """Let a picture in with its sha256, or note why it has none."""
        if isinstance(outcome, SkippedImage):
            self.skipped.append(outcome)
        else:
            self.hashes[image.image_path] = outcome

    def skip(self, images: Iterable[SkippedImage]) -> None:
        """Move admitted pictures to the skipped."""
        for image in images:
            self.skipped.append(image)
            del self.hashes[image.name]

    def pending(self, lacking: Callable[[str], bool]) -> Sequence[PendingImage]:
        """Return the first picture, by path, of each content that lacks something, as `lacking` says of its sha256."""
        pending: dict[str, PendingImage] = {}
        for image, sha256 in self._admitted():
            if sha256 not in pending and lacking(sha256):
                pending[sha256] = PendingImage(sha256, image)
        return list(pending.values())

    def skip_unknown(self, known: KnownContents) -> None:
        """Skip what cannot be decoded, and what lost its content when the twin that stood for it changed meanwhile."""
        for image, sha256 in self._admitted():
            if sha256 in known.failures:
                reason = known.failures[sha256]
                self.skip([SkippedImage(image.image_path, reason, sha256, image.bytes, image.mtime_ns)])
            elif sha256 not in known.contents:
                self.skip([SkippedImage(image.image_path, "a file of the same content changed while it was being read")])

    def catalog(self, known: KnownContents, plan: Plan) -> Catalog:
        """Return the catalogue that the admitted pictures make, with the ids of the plan."""
        rows = [_row(image, known, sha256, plan.ids[image.image_path]) for image, sha256 in self._admitted()]
        self.skipped.sort(key=lambda image: image.name)
        return Catalog(
            rows=sorted(rows, key=lambda row: row.id),
            skipped=tuple(self.skipped),
            next_id=plan.next_id,
            scanned_ns=self._scan.began_ns,
        )

    def _admitted(self) -> list[tuple[FoundImage, str]]:
        images = self._scan.images
        return [(image, self.hashes[image.image_path]) for image in images if image.image_path in self.hashes]


def _row(image: FoundImage, known: KnownContents, sha256: str, image_id: int) -> IndexedImage:
    content = known.contents[sha256]
    return IndexedImage(
        id=image_id,
        image_path=image.image_path,
        sha256=sha256,
        bytes=image.bytes,
        width=content.width,
        height=content.height,
        caption=content.caption,
        mtime_ns=image.mtime_ns,
    )
