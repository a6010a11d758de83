"""Captions of the pictures found: from the index where it has them, else made now, in one batch, once a process."""

import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Literal, Protocol

from runtime.errors import ImageError
from runtime.library.catalog import ImageRow, Library

if TYPE_CHECKING:
    from PIL.Image import Image

log = logging.getLogger(__name__)

CaptionSource = Literal["index", "live", "none"]


class Captioner(Protocol):
    """What puts pictures into words; `BlipCaptioner` does."""

    def caption_images(self, images: Sequence["Image"]) -> list[str]:
        """Return one caption for each RGB picture."""
        ...


class Captions:
    """The captions of one library."""

    def __init__(self, library: Library, open_captioner: Callable[[], Captioner] | None) -> None:
        """Keep the collaborators; the captioner is opened when a picture without a caption is met."""
        self._library, self._open_captioner = library, open_captioner
        self._captioner: Captioner | None = None
        self._captioning = threading.Lock()
        self._live: dict[int, str] = {}  # by id

    def of_rows(self, rows: Sequence[ImageRow]) -> list[tuple[str, CaptionSource]]:
        """Return each row's caption and where it came from; it is empty where there is none and none can be made."""
        missing = [row for row in rows if row.caption is None]
        live = self._caption(missing) if missing else {}
        return [_caption_of(row, live) for row in rows]

    def _caption(self, rows: Sequence[ImageRow]) -> dict[int, str]:
        if self._open_captioner is None:
            return {}
        with self._captioning:  # one batch at a time: two would share the same cores and double the memory
            unseen = [row for row in rows if row.id not in self._live]
            pictures = dict(self._readable(unseen))
            if pictures:
                self._captioner = self._captioner or self._open_captioner()
                captions = self._captioner.caption_images(list(pictures.values()))
                self._live.update(zip(pictures, captions, strict=True))
            return {row.id: self._live[row.id] for row in rows if row.id in self._live}

    def _readable(self, rows: Sequence[ImageRow]) -> Iterator[tuple[int, "Image"]]:
        for row in rows:
            try:
                yield row.id, self._library.open_picture(row)
            except ImageError as error:  # the picture went away or broke since it was indexed: no caption, still a hit
                log.warning("no caption: %s", error)


def _caption_of(row: ImageRow, live: dict[int, str]) -> tuple[str, CaptionSource]:
    if row.caption is not None:
        return row.caption, "index"
    return (live[row.id], "live") if row.id in live else ("", "none")
