"""Where the previews of pictures lie beside an index: by the sha256 of the picture's file, so all generations share them."""

import re
from pathlib import Path

PREVIEWS_NAME = "previews"
SHA256 = re.compile("[0-9a-f]{64}")


def preview_path(index_dir: Path, sha256: str, edge: int) -> Path:
    """Return where the preview of a picture's file is kept, whose longest edge has `edge` pixels at most."""
    return index_dir / PREVIEWS_NAME / sha256[:2] / f"{sha256}.{edge}.jpg"
