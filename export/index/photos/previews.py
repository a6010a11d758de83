"""The previews beside an index: which are there, new ones written, and those removed whose pictures have left.

They lie beside the generations, which share them. `runtime/library/previews/preview_files.py` has where,
`runtime/images/previews.py` how they are made.
"""

import os
import re
import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Collection, Container, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from pathlib import Path

from rich.console import Console

from export.console import progress_bar
from export.errors import unwritable_refused
from export.index.folder.scan import FoundImage, SkippedImage
from export.index.generations.history import CATALOG_NAME, name_of, whole_generations
from export.index.pipeline import Models, PreviewedImages, preview_images
from runtime.artefacts.whole_file import PART_SUFFIX
from runtime.images import PREVIEW_EDGES
from runtime.library.previews.kept_previews import Previews
from runtime.library.previews.made_previews import SMALLEST_EDGE, made_smallest
from runtime.library.previews.preview_cache import write_previews
from runtime.library.previews.preview_files import PREVIEWS_NAME, preview_path

OWN_NAME = re.compile(rf"[0-9a-f]{{64}}\.({'|'.join(map(str, PREVIEW_EDGES))})\.jpg(\..*{re.escape(PART_SUFFIX)})?")
PART_MAX_S = 3600.0  # a preview is written in much less


class EveryContent:
    """Contains every content: where no previews are made, none is missing."""

    def __contains__(self, sha256: object) -> bool:
        """Return True."""
        return True


class PreviewFolder:
    """The previews in one index's folder. `wanted` is whether a build is to make any."""

    def __init__(self, out: Path, *, wanted: bool = True) -> None:
        """Begin with nothing looked at."""
        self._out, self.wanted = out, wanted

    def complete(self) -> Container[str]:
        """Return the contents whose previews are all there, and so need not be made; every content if none is wanted."""
        if not self.wanted:
            return EveryContent()
        whole = (file.name for file, facts in self._files() if not file.name.endswith(PART_SUFFIX) and facts.st_size)
        found = Counter(name.partition(".")[0] for name in whole)
        return {sha256 for sha256, count in found.items() if count == len(PREVIEW_EDGES)}

    def of(self, sizes: Mapping[str, tuple[int, int]]) -> PreviewedImages:
        """Return where the previews of pictures of these sizes may lie."""
        return PreviewedImages(self._out, sizes)

    def make(self, folder: Path, images: Mapping[str, FoundImage], models: Models, console: Console) -> None:
        """Make the previews of pictures in a folder, given by sha256. What cannot be read is left for the next run.

        Where only the smallest is lacking, as in an index from before there was any, it is made of the next larger one.

        Raises:
            OutputUnwritable: the disk is full, or the index's folder cannot be written.
        """
        with progress_bar(console, "Making previews", len(images)) as advance:
            whole = self._make_smallest(images, models.workers, advance)
            rest = {sha256: image for sha256, image in images.items() if sha256 not in whole}
            for batch in preview_images(folder, rest, models):
                with unwritable_refused(self._out):
                    self.write({sha256: made for sha256, made in batch if not isinstance(made, SkippedImage)})
                advance(len(batch))

    def _make_smallest(self, contents: Iterable[str], workers: int, advance: Callable[[int], None]) -> set[str]:
        """Make the smallest previews of contents that have the others, and return which those are."""
        kept = Previews(self._out)
        larger = [edge for edge in PREVIEW_EDGES if edge != SMALLEST_EDGE]

        def make(sha256: str) -> str | None:
            if not all(preview_path(self._out, sha256, edge).is_file() for edge in larger):
                return None
            made = made_smallest(kept, sha256)
            if made is None:
                return None
            self.write({sha256: {SMALLEST_EDGE: made}})
            advance(1)
            return sha256

        with unwritable_refused(self._out), ThreadPoolExecutor(workers) as threads:
            return {sha256 for sha256 in threads.map(make, contents) if sha256}

    def write(self, previews: Mapping[str, Mapping[int, bytes]]) -> None:
        """Write previews, by the sha256 of their pictures and their edge.

        Nothing waits for the disk: after a power cut a preview may be empty, and is then made again.

        Raises:
            OSError: the disk is full, or the folder cannot be written.
        """
        for sha256, by_edge in previews.items():
            write_previews(self._out, sha256, by_edge)

    def remove_unused(self, contents: Collection[str]) -> None:
        """Remove the previews of what is in no generation, and what killed writers left; `contents` are those in force.

        Where an older generation cannot be read, all stay: it may need them.

        Raises:
            OSError: one cannot be removed.
        """
        files = []
        for file, facts in self._files():
            is_old = time.time() - facts.st_mtime > PART_MAX_S  # a server may be writing a part that is not
            if is_old and file.name.endswith(PART_SUFFIX):
                Path(file.path).unlink(missing_ok=True)
            files.append(file)
        unused = {file.name.partition(".")[0] for file in files}.difference(contents)
        if not unused:
            return
        try:
            for number in whole_generations(self._out):
                unused -= _contents_of(self._out / name_of(number) / CATALOG_NAME)
        except sqlite3.Error:
            return
        for file in files:
            if file.name.partition(".")[0] in unused:
                path = Path(file.path)
                path.unlink(missing_ok=True)
                with suppress(OSError):  # there are others in it
                    path.parent.rmdir()

    def _files(self) -> list[tuple["os.DirEntry[str]", os.stat_result]]:
        """Return the previews, and the parts that were to become some, each with its facts."""
        files: list[tuple[os.DirEntry[str], os.stat_result]] = []
        for folder in _entries(self._out / PREVIEWS_NAME):
            for entry in _entries(Path(folder.path)) if folder.is_dir(follow_symlinks=False) else ():
                if OWN_NAME.fullmatch(entry.name):
                    with suppress(FileNotFoundError):  # a part that has become a preview meanwhile
                        files.append((entry, entry.stat(follow_symlinks=False)))
        return files


def _entries(folder: Path) -> list["os.DirEntry[str]"]:
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except (FileNotFoundError, NotADirectoryError):
        return []


def _contents_of(catalog: Path) -> set[str]:
    """Return the contents that a catalogue names; none where there is no such file."""
    if not catalog.is_file():
        return set()
    with closing(sqlite3.connect(f"{catalog.absolute().as_uri()}?mode=ro&immutable=1", uri=True)) as connection:
        return {sha256 for (sha256,) in connection.execute("SELECT DISTINCT sha256 FROM images")}
