"""The step of a build that embeds pictures: part of a folder after the other, so that each part can be searched at once.

New pictures are hashed part by part, too: a part is then read once from the disk, and the first is embedded within seconds,
however large the library is. Owns no rows and gives no ids; `build.py` does.
"""

from collections.abc import Callable, Container, Generator, Iterator, Sequence
from pathlib import Path

from rich.console import Console

from export.console import progress_bar
from export.errors import unwritable_refused
from export.index.contents import KnownContents
from export.index.folder.found import FoundImage, SkippedImage
from export.index.forecast import Forecast, check_disk, say_disk, say_embedding
from export.index.photos.previews import PreviewFolder
from export.index.photos.signatures import Signatures
from export.index.pictures import FolderPictures
from export.index.pipeline import EmbeddedImage, Models, embed_images

FIRST_PART, PART = 64, 256  # pictures; the first parts are short, as time and disk are foretold from them


class EmbedStep:
    """Embeds every content that has no vector yet, into the journal. `encoded` is how many contents were embedded.

    Previews are made of the same decoded pixels, and written before: what is in the journal has them.
    """

    def __init__(
        self, out: Path, models: Models, pictures: FolderPictures, known: KnownContents, *, previews: PreviewFolder
    ) -> None:
        """Keep where results go; nothing is read yet."""
        self._out, self._models, self._pictures, self._known, self._previews = out, models, pictures, known, previews
        self._preview_bytes = 0
        self._previewed: Container[str] = ()
        self.encoded = 0

    def run(
        self, signatures: Signatures, while_read: Callable[[FoundImage], None], console: Console
    ) -> Generator[int, None, None]:
        """Hash and embed what is neither, in the order of paths; yield after each part how many pictures are left.

        At that moment every picture up to some path is done, and none behind it, unless all were hashed before.

        Args:
            signatures: keeps what pictures are compared by.
            while_read: takes each picture right after it was hashed.
            console: where progress and a forecast go.

        Raises:
            OutputUnwritable: the disk is full.
            DiskTooSmall: it will not hold what the pictures need; what is done is kept.
            SessionFailed: onnxruntime refused a picture.
        """
        unread = self._pictures.unread()
        images = unread or [*self._pictures.without({*self._known.sizes, *self._known.failures}).values()]
        journaled = self._known.sizes.keys() - self._pictures.hashes.values() if unread else ()
        forecast = Forecast(len(images) - len(journaled), lambda left, left_s: self._tell(left, left_s, console))
        say_disk(self._out, images, self._models.encoder.dimension, console, previews=self._previews.wanted)
        self._previewed = self._previews.complete() if images else ()
        done = 0
        with progress_bar(console, "Embedding", len(images)) as advance:
            for part in _parts(images):
                self._pictures.hash([one for one in part if one.image_path not in self._pictures.hashes], while_read)
                contents = self._pictures.unknown_among(part)
                advance(len(part) - len(contents))
                for embedded in self._embed(contents, signatures):
                    advance(embedded)
                forecast.count(len(contents))
                done += len(part)
                yield len(images) - done

    def _embed(self, images: dict[str, FoundImage], signatures: Signatures) -> Iterator[int]:
        """Embed contents, by sha256; yield how many are done after each few."""
        folder, previews = self._pictures.folder, self._previews.wanted
        for batch in embed_images(folder, images, self._models, previews=previews, previewed=self._previewed):
            embedded = {sha256: outcome for sha256, outcome in batch if isinstance(outcome, EmbeddedImage)}
            skipped = [outcome for _, outcome in batch if isinstance(outcome, SkippedImage)]
            failures = {one.sha256: one.reason for one in skipped if one.sha256}
            with unwritable_refused(self._out):
                self._previews.write({sha256: image.previews for sha256, image in embedded.items()})
                signatures.keep({sha256: one.greys for sha256, one in embedded.items()})
                self._known.keep_images(embedded, failures)
            self._pictures.skip(one for one in skipped if not one.sha256)
            self._preview_bytes += sum(len(made) for one in embedded.values() for made in one.previews.values())
            self.encoded += len(embedded)
            yield len(batch)

    def _tell(self, left: int, left_s: float, console: Console) -> None:
        """Say how long the rest takes, and refuse what the disk will not hold."""
        previews = left * self._preview_bytes // max(1, self.encoded)
        say_embedding(left, left_s, console)
        check_disk(self._out, left + len(self._known.sizes), self._models.encoder.dimension, previews)


def _parts(images: Sequence[FoundImage]) -> Iterator[Sequence[FoundImage]]:
    start = 0
    while start < len(images):
        size = FIRST_PART if start < 2 * FIRST_PART else PART
        yield images[start : start + size]
        start += size
