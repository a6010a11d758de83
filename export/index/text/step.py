"""The step of a build that reads text in pictures: what is known of each content, and what is read now."""

from collections.abc import Generator, Iterable, Mapping
from contextlib import closing
from pathlib import Path

from rich.console import Console

from export.console import progress_bar
from export.errors import unwritable_refused
from export.index.folder.scan import FoundImage
from export.index.generations.last_generation import Generation
from export.index.generations.publisher import BuildOptions
from export.index.journal import Journal
from export.index.text.models import READER
from export.index.text.reading import read_images
from runtime.library.image_rows import ImageRow


class TextStep:
    """What was read of each content, by this program's models.

    Attributes:
        known: the words of every content that was looked at, as the catalogue keeps them, by sha256; "[]" for none.
    """

    def __init__(self, out: Path, last: Generation, journal: Journal, options: BuildOptions) -> None:
        """Look through the last generation and the journal."""
        self._out, self._journal, self._open_reader = out, journal, options.open_text_reader
        self.known: dict[str, str] = {**last.catalog.texts, **journal.texts(READER)}
        self._is_wanted = bool(options.open_text_reader or options.text_later or self.known)

    def read(
        self, folder: Path, images: Mapping[str, FoundImage], workers: int, console: Console
    ) -> Generator[None, None, None]:
        """Read these pictures, if that is wanted in this run, and keep their words in the journal; yield after some.

        The first time is before the first picture. One that has gone or changed meanwhile is left to the next run.

        Raises:
            OutputUnwritable: the disk is full.
            SessionFailed: onnxruntime refused a picture.
        """
        if not images or not self._open_reader:
            return
        yield
        batches = closing(read_images(folder, images, self._open_reader(), index_dir=self._out, workers=workers))
        with batches as outcomes, progress_bar(console, "Reading text", len(images)) as advance:
            for batch in outcomes:
                self.keep({sha256: words for sha256, words in batch if isinstance(words, str)})
                advance(len(batch))
                yield

    def of_rows(self, rows: Iterable[ImageRow]) -> dict[str, str]:
        """Return what is known of these pictures' contents, by sha256."""
        return {row.sha256: self.known[row.sha256] for row in rows if row.sha256 in self.known}

    def count_unread(self, rows: Iterable[ImageRow]) -> int:
        """Return how many of these pictures were not looked at; 0 where nobody ever asked for text."""
        return sum(row.sha256 not in self.known for row in rows) if self._is_wanted else 0

    def keep(self, texts: Mapping[str, str]) -> None:
        """Keep the words in contents, by sha256; once this returns, a kill cannot lose them.

        Raises:
            OutputUnwritable: the disk is full.
        """
        if not texts:
            return
        with unwritable_refused(self._out):
            self._journal.record_texts(READER, texts)
        self.known.update(texts)
