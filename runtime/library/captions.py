"""Captions of the pictures found: those of the index; else kept ones; else made now, once, and kept.

Only pictures of the library come here, so nothing is ever kept of a picture that a user searches with.
"""

import logging
import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Literal, Protocol

from cachetools import LRUCache

from runtime.artefacts.file_record import sha256_of
from runtime.errors import ImageError
from runtime.library.caption_file import CaptionFile
from runtime.library.catalog import Library
from runtime.library.image_rows import ImageRow, IndexedSource
from runtime.library.previews.pictures_for_models import opened_for_models

if TYPE_CHECKING:
    from PIL.Image import Image

log = logging.getLogger(__name__)

REMEMBERED_MAX = 10_000  # captions held in memory: 2 MB

CaptionSource = IndexedSource | Literal["live", "none"]


class Captioner(Protocol):
    """What describes pictures in words; `BlipCaptioner` does."""

    def caption_images(self, images: Sequence["Image"]) -> list[str]:
        """Return one caption for each RGB picture."""
        ...


class Captions:
    """The captions of one library. Any thread may ask; only a search with a caption to make waits for the captioner."""

    def __init__(
        self, library: Library, open_captioner: Callable[[], Captioner] | None, kept: CaptionFile | None = None
    ) -> None:
        """Keep the collaborators; the captioner is opened for the first picture that has no caption."""
        self._library, self._open_captioner, self._kept = library, open_captioner, kept
        self._captioner: Captioner | None = None
        self._captioning = threading.Lock()  # one picture at a time: two would share the same cores and double the memory
        self._live: LRUCache[int, str] = LRUCache(REMEMBERED_MAX)  # by id
        self._remembering = threading.Lock()  # held for microseconds; the cache itself is not made for threads

    def of_rows(self, rows: Sequence[ImageRow]) -> list[tuple[str, CaptionSource]]:
        """Return each row's caption and where it came from; it is empty where there is none and none can be made."""
        missing = [row for row in rows if row.caption is None]
        live = self._known(missing)
        for row in missing:
            if row.id not in live:
                live |= self._caption(row)
        return [_caption_of(row, live) for row in rows]

    def _known(self, rows: Sequence[ImageRow]) -> dict[int, str]:
        """Return by id what was made before, by this process or another."""
        with self._remembering:
            known = {row.id: self._live[row.id] for row in rows if row.id in self._live}
        unknown = [row for row in rows if row.id not in known]
        kept = self._kept.read([row.sha256 for row in unknown]) if self._kept and unknown else {}
        read = {row.id: kept[row.sha256] for row in unknown if row.sha256 in kept}
        self._remember(read)
        return known | read

    def _caption(self, row: ImageRow) -> dict[int, str]:
        """Return a picture's caption by its id, made now unless another search has made it meanwhile.

        A picture is captioned by itself: with a captioner that is not batch invariant, its caption would else depend on the
        others that were found with it, and could not be taken over into an index.
        """
        if self._open_captioner is None:
            return {}
        with self._captioning:
            if known := self._known([row]):
                return known
            try:
                with opened_for_models(self._library, row) as opened:
                    self._captioner = self._captioner or self._open_captioner()
                    [caption] = self._captioner.caption_images([opened.image])
            except ImageError as error:  # the picture went away or broke since it was indexed: no caption, still a hit
                log.warning("no caption: %s", error)
                return {}
            self._remember({row.id: caption})
            self._keep(row, caption)
            return {row.id: caption}

    def _remember(self, captions: dict[int, str]) -> None:
        with self._remembering:
            self._live.update(captions)

    def _keep(self, row: ImageRow, caption: str) -> None:
        """Keep the caption on the disk, unless another picture has been put in the place of the one that was indexed."""
        if self._kept is None:
            return
        try:
            with self._library.open_file(row.image_path) as opened:
                unchanged = sha256_of(opened.path) == row.sha256
        except (ImageError, OSError):  # it went away meanwhile
            unchanged = False
        if unchanged:
            self._kept.write(row.sha256, caption)


def _caption_of(row: ImageRow, live: dict[int, str]) -> tuple[str, CaptionSource]:
    if row.caption is not None:
        return row.caption, row.caption_source
    return (live[row.id], "live") if row.id in live else ("", "none")
