"""Previews on the disk: where they lie beside an index, and the larger one read in place of its picture.

They are named by the sha256 of the picture's file, so all generations of an index share them.
"""

import logging
import re
from pathlib import Path

from runtime.errors import ImageError
from runtime.images import KEPT_SHORT_EDGE_PIXELS, PREVIEW_EDGES, SCALED_EDGE_PIXELS, OpenedImage, open_image

log = logging.getLogger(__name__)

PREVIEWS_NAME = "previews"
READ_EDGE = max(PREVIEW_EDGES)
SHA256 = re.compile("[0-9a-f]{64}")


def preview_path(index_dir: Path, sha256: str, edge: int) -> Path:
    """Return where the preview of a picture's file is kept, whose longest edge has `edge` pixels at most."""
    return index_dir / PREVIEWS_NAME / sha256[:2] / f"{sha256}.{edge}.jpg"


def read_preview(index_dir: Path, sha256: str, width: int, height: int) -> OpenedImage | None:
    """Return the larger preview of a picture, for models to see; None where there is none, or the picture itself is better.

    A picture that is no larger than the preview is read quickly enough itself, and without the loss of a JPEG. Of a long
    narrow one, the preview's shortest edge would have less than twice what the largest of our models sees.

    Args:
        index_dir: the index's folder.
        sha256: of the picture's file.
        width: of the picture, in pixels, upright.
        height: likewise.
    """
    shortest, longest = sorted((width, height))
    if longest <= READ_EDGE or shortest * SCALED_EDGE_PIXELS < KEPT_SHORT_EDGE_PIXELS * longest:
        return None
    path = preview_path(index_dir, sha256, READ_EDGE)
    if not SHA256.fullmatch(sha256) or not path.is_file():
        return None
    try:
        return OpenedImage(open_image(path), width, height, scaled_from=(width, height))
    except ImageError as error:  # a power cut may leave half of one
        log.warning("a preview is passed over: %s", error)
        return None
