"""A decoded picture, as callers of `opening.py` hold it."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL.Image import Image


@dataclass(frozen=True, slots=True)
class OpenedImage:
    """A picture upright as RGB, perhaps reduced, and the size in pixels of the upright whole.

    `scaled_from` is that size where the picture was reduced by the rule "scaled", else None: models' pixels are then laid
    out as those of the whole would be (`preprocess`).
    """

    image: "Image"
    width: int
    height: int
    scaled_from: tuple[int, int] | None = None
