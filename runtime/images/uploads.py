"""Uploaded pictures to a graph's pixels: the protocol, and the reader that decodes in this process."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from runtime.artefacts.picture_decoding import DecodeRule
from runtime.images.limits import PictureLimits
from runtime.images.opening import opened_bytes
from runtime.images.preprocessing import preprocess

if TYPE_CHECKING:
    from runtime.artefacts.model_records import Preprocessing

Pixels = NDArray[np.float32]


class UploadReader(Protocol):
    """What reads uploaded pictures. Any thread may call it."""

    def read(self, content: bytes, name: str, preprocessing: "Preprocessing", rule: DecodeRule = "exact") -> Pixels:
        """Return a graph's pixels of a picture, (3, s, s), decoded by a rule, as `preprocess` does.

        Raises:
            ImageUnreadable, ImageTooLarge, PicturesUnsupported: as `decode_image`.
        """
        ...


@dataclass(frozen=True, slots=True)
class LocalReader:
    """Decodes in this process: what Lambda uses, where a function has one request and is replaced if it dies."""

    limits: PictureLimits

    def read(self, content: bytes, name: str, preprocessing: "Preprocessing", rule: DecodeRule = "exact") -> Pixels:
        """Return a graph's pixels of a picture; raises as the protocol says."""
        with opened_bytes(content, name, limits=self.limits, rule=rule) as opened:
            return preprocess(opened.image, preprocessing, opened.scaled_from)
