"""Where the previews of pictures lie beside an index: by the sha256 of the picture's file, so all generations share them."""

from pathlib import Path

PREVIEWS_NAME = "previews"


def preview_path(index_dir: Path, sha256: str, edge: int) -> Path:
    """Return where the preview of a picture's file is kept, whose longest edge has `edge` pixels at most."""
    return index_dir / PREVIEWS_NAME / sha256[:2] / f"{sha256}.{edge}.jpg"
