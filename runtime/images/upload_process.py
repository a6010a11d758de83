"""Uploads decoded by a process of their own: a picture that breaks the decoder, or takes too much, ends that and no more."""

import logging
from dataclasses import asdict
from typing import TYPE_CHECKING

import numpy as np

from runtime.artefacts.picture_decoding import DecodeRule
from runtime.errors import ImageTooLarge, ImageUnreadable
from runtime.images.limits import PictureLimits
from runtime.images.memory import trim_heap
from runtime.images.uploads import LocalReader, Pixels
from runtime.images.worker_process import PICTURE_MAX_S, NotStarted, WorkerEnded, WorkerProcess

if TYPE_CHECKING:
    from runtime.artefacts.model_records import Preprocessing

log = logging.getLogger(__name__)

GIVEN_BACK_CONTENT_BYTES = 1_000_000


class DecodeProcess:
    """An `UploadReader` that decodes in one other process, one picture at a time."""

    def __init__(self, limits: PictureLimits, *, picture_max_s: float = PICTURE_MAX_S) -> None:
        """Start nothing yet. A picture that takes longer than `picture_max_s` is given up."""
        self._limits = limits
        self._worker = WorkerProcess("runtime.images.upload_worker", limits.max_memory_bytes, picture_max_s=picture_max_s)

    @property
    def pid(self) -> int | None:
        """The process's id, where it runs."""
        return self._worker.pid

    def read(self, content: bytes, name: str, preprocessing: "Preprocessing", rule: DecodeRule = "exact") -> Pixels:
        """Return a graph's pixels of a picture, (3, s, s), decoded by a rule.

        Raises:
            ImageUnreadable: it cannot be decoded, or the process ended over it.
            ImageTooLarge, PicturesUnsupported: as `decode_image`.
        """
        if len(content) > self._limits.max_bytes:
            raise ImageTooLarge(name, len(content), self._limits.max_bytes, "bytes")
        form, limits = preprocessing.model_dump(), asdict(self._limits)
        header = {"name": name, "preprocessing": form, "limits": limits, "rule": rule}
        try:
            answer, pixels = self._worker.ask(header, content)
        except NotStarted as cause:
            log.warning("no process can be started to decode an upload (%s); it is decoded in the server", cause)
            return LocalReader(self._limits).read(content, name, preprocessing, rule)
        except WorkerEnded:
            answer, pixels = {}, b""
        finally:
            if len(content) > GIVEN_BACK_CONTENT_BYTES:
                trim_heap()  # what the web server held of the bodies before this one
        side = preprocessing.size
        if answer.get("shape") != [3, side, side] or len(pixels) != 12 * side * side:
            raise ImageUnreadable(name, "decoding it took more memory or time than is allowed, or broke the decoder")
        return np.frombuffer(pixels, np.float32).reshape(3, side, side)

    def close(self) -> None:
        """End the process, also in the middle of a picture."""
        self._worker.close()
