"""Where previews lie beside an index: named by the sha256 of the picture's file, so that all generations share them.

`kept_previews.py` finds and keeps them.
"""

import re
from pathlib import Path

from runtime.images import PREVIEW_EDGES

PREVIEWS_NAME = "previews"
READ_EDGE = max(PREVIEW_EDGES)
SHA256 = re.compile("[0-9a-f]{64}")


def preview_path(index_dir: Path, sha256: str, edge: int) -> Path:
    """Return where the preview of a picture's file is kept, whose longest edge has `edge` pixels at most."""
    return index_dir / PREVIEWS_NAME / sha256[:2] / f"{sha256}.{edge}.jpg"


def preview_name(sha256: str, edge: int) -> str:
    """Return what a preview is called in its address, and where it is published below the previews' own."""
    return f"{sha256}.{edge}.jpg"
