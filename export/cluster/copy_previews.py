"""Previews from beside shards to beside an index, and the other way: the same names in both."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from rich.console import Console

from export.cluster.shard_files import put_file
from export.cluster.shards import open_folder
from export.console import progress_bar
from runtime.images import PREVIEW_EDGES
from runtime.library.previews.preview_cache import write_previews
from runtime.library.previews.preview_files import preview_path

COPIED_AT_ONCE = 16


def copy_previews(shards: str, out: Path, contents: Iterable[str], console: Console) -> None:
    """Copy the previews of contents, by sha256, that an index has not; a server makes those that are not there, either.

    Raises:
        OSError: one cannot be written.
    """
    filesystem, folder = open_folder(shards)

    def copy(sha256: str) -> None:
        for edge in PREVIEW_EDGES:
            if preview_path(out, sha256, edge).is_file():
                continue
            try:
                with filesystem.open_input_stream(preview_path(Path(folder), sha256, edge).as_posix()) as stream:
                    content = stream.read()
            except FileNotFoundError:
                continue
            write_previews(out, sha256, {edge: content})

    _for_each(list(dict.fromkeys(contents)), copy, console)


def give_previews(index_dir: Path, shards: str, contents: Iterable[str], console: Console) -> None:
    """Copy an index's previews of contents, by sha256, to beside shards.

    Raises:
        OSError: one cannot be written.
    """

    def copy(sha256: str) -> None:
        for edge in PREVIEW_EDGES:
            path = preview_path(index_dir, sha256, edge)
            if path.is_file():
                put_file(shards, path.relative_to(index_dir).as_posix(), path.read_bytes())

    _for_each(list(dict.fromkeys(contents)), copy, console)


def _for_each(contents: list[str], copy: Callable[[str], None], console: Console) -> None:
    with ThreadPoolExecutor(COPIED_AT_ONCE) as threads, progress_bar(console, "Previews", len(contents)) as advance:
        for _ in threads.map(copy, contents):
            advance(1)
