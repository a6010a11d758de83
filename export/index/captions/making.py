"""The step of a build that makes captions: of every picture that has none, into the journal, some at a time."""

from collections.abc import Generator, Mapping
from contextlib import closing
from pathlib import Path

from rich.console import Console

from export.console import progress_bar
from export.errors import unwritable_refused
from export.index.captions.vectors import CaptionVectors
from export.index.contents import KnownContents
from export.index.folder.found import FoundImage
from export.index.forecast import Forecast, say_captions
from export.index.pipeline import Models, PreviewedImages, caption_images


class CaptionStep:
    """Captions pictures, and embeds their captions."""

    def __init__(self, folder: Path, out: Path, models: Models, known: KnownContents, *, vectors: CaptionVectors) -> None:
        """Keep where pictures come from and captions go."""
        self._folder, self._out, self._models, self._known, self._vectors = folder, out, models, known, vectors

    def run(
        self, images: Mapping[str, FoundImage], previewed: PreviewedImages, console: Console
    ) -> Generator[None, None, None]:
        """Caption pictures; yield before the first and after each few.

        One whose file has gone or changed meanwhile gets no caption: the next run finds it out.

        Args:
            images: the pictures by sha256.
            previewed: where their previews may lie.
            console: where progress and a forecast go.

        Raises:
            OutputUnwritable: the disk is full.
            SessionFailed: onnxruntime refused a picture.
        """
        if not images or not self._models.open_captioner:
            return
        yield
        if self._models.close_image_tower:
            self._models.close_image_tower()
        captioner = self._models.open_captioner()
        forecast = Forecast(len(images), lambda left, left_s: say_captions(left, left_s, console))
        batches = closing(caption_images(self._folder, images, captioner, self._models, previewed))
        with batches as captioned, progress_bar(console, "Captioning", len(images)) as advance:
            for batch in captioned:
                captions = {sha256: caption for sha256, caption in batch if isinstance(caption, str)}
                with unwritable_refused(self._out):
                    self._known.keep_captions(captions)
                    self._vectors.embed(captions.values())
                advance(len(batch))
                forecast.count(len(batch))
                yield
