"""Reading the pictures of a build, several at once: file or preview -> words. Knows neither ids nor the catalogue."""

from collections import deque
from collections.abc import Generator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from export.index.folder.scan import FoundImage, SkippedImage, mtime_of
from export.index.picture_file import reason_of
from export.index.text.reader import READ_EDGE
from runtime.errors import ImageError
from runtime.images import opened_file
from runtime.library.picture_text import PictureWord, write_words
from runtime.library.previews.preview_files import preview_path

if TYPE_CHECKING:
    from PIL.Image import Image

AHEAD_IMAGES = 4  # of each worker, done and waiting for their turn
Outcome = tuple[str, str | SkippedImage]


class Reader(Protocol):
    """What reads pictures; `TextReader` does. Any number of threads may call it at once."""

    def prepare(self, image: "Image") -> NDArray[np.uint8]:
        """Return the pixels of an RGB picture, (h, w, 3)."""
        ...

    def read(self, pixels: NDArray[np.uint8]) -> tuple[PictureWord, ...]:
        """Return the words of prepared pixels."""
        ...


def read_images(
    folder: Path, images: Mapping[str, FoundImage], reader: Reader, *, index_dir: Path, workers: int
) -> Generator[list[Outcome], None, None]:
    """Yield each picture's words, as the catalogue keeps them, or why they are not known, by its sha256, in their order.

    Args:
        folder: where the pictures lie.
        images: the pictures by the sha256 of their content.
        reader: what reads them.
        index_dir: where the index lies, and with it the previews; what has none is read from its file.
        workers: how many pictures are in it at once, each on one thread.

    Raises:
        SessionFailed: onnxruntime refused a picture.
    """

    def read(sha256: str, image: FoundImage) -> Outcome:
        pixels = _pixels(folder, image, preview_path(index_dir, sha256, READ_EDGE), reader)
        return sha256, pixels if isinstance(pixels, SkippedImage) else write_words(reader.read(pixels))

    waiting: deque[Future[Outcome]] = deque()
    left = iter(images.items())
    pool = ThreadPoolExecutor(workers, thread_name_prefix="text")
    try:
        while True:
            for sha256, image in islice(left, AHEAD_IMAGES * workers - len(waiting)):
                waiting.append(pool.submit(read, sha256, image))
            if not waiting:
                return
            yield [waiting.popleft().result()]
    finally:
        pool.shutdown(cancel_futures=True)


def _pixels(folder: Path, image: FoundImage, preview: Path, reader: Reader) -> NDArray[np.uint8] | SkippedImage:
    with suppress(ImageError), opened_file(preview, image.image_path) as opened:  # there is none, or half of one
        return reader.prepare(opened.image)
    path = folder / image.image_path
    try:
        with opened_file(path, image.image_path) as opened:
            pixels = reader.prepare(opened.image)
        facts = path.stat()
    except ImageError as error:
        return SkippedImage(image.image_path, reason_of(error))
    except OSError:
        return SkippedImage(image.image_path, "it went away while it was being read")
    if (facts.st_size, mtime_of(facts)) != (image.bytes, image.mtime_ns):
        return SkippedImage(image.image_path, "it changed while it was being read")
    return pixels
