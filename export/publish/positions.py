"""An index as it is published: without the positions where photos were taken, which would tell strangers where people live.

The names of towns and countries stay, and so do dates and cameras.
"""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from runtime.artefacts.file_record import record_file
from runtime.artefacts.manifest import MANIFEST_NAME, IndexManifest

HAS_FACTS = "SELECT 1 FROM sqlite_master WHERE name = 'photo_facts'"
HAS_POSITIONS = "SELECT 1 FROM photo_facts WHERE latitude IS NOT NULL OR longitude IS NOT NULL LIMIT 1"


@contextmanager
def without_positions(folder: Path, manifest: IndexManifest) -> Iterator[tuple[Path, IndexManifest]]:
    """Yield the folder and the manifest of an index that has no positions: its own, or a copy that lasts for the block.

    Of the same index, the copy is the same to the byte, so that it need not be sent again.
    """
    if not _has_positions(folder / manifest.catalog.path):
        yield folder, manifest
        return
    with TemporaryDirectory(prefix="lookwhy-publish-") as made:
        copy = Path(made)
        for file in manifest.files():
            (copy / file.path).parent.mkdir(parents=True, exist_ok=True)
            if file.path != manifest.catalog.path:
                (copy / file.path).symlink_to((folder / file.path).resolve())
        catalog = copy / manifest.catalog.path
        shutil.copyfile(folder / manifest.catalog.path, catalog)
        with closing(sqlite3.connect(catalog, isolation_level=None)) as connection:
            connection.execute("UPDATE photo_facts SET latitude = NULL, longitude = NULL")
            connection.execute("VACUUM")  # what was taken out is not left in free pages
        published = manifest.model_copy(update={"catalog": record_file(copy, manifest.catalog.path)})
        (copy / MANIFEST_NAME).write_bytes(published.model_dump_json(indent=2).encode() + b"\n")
        yield copy, published


def _has_positions(catalog: Path) -> bool:
    with closing(sqlite3.connect(f"file:{catalog.resolve().as_posix()}?mode=ro&immutable=1", uri=True)) as connection:
        return bool(connection.execute(HAS_FACTS).fetchall() and connection.execute(HAS_POSITIONS).fetchall())
