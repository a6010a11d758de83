"""Captions that people gave: which of an index's pictures they belong to, and what is told of them."""

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from rich.console import Console
from rich.text import Text

from export.index.catalog import IndexedImage
from export.index.folder.skipped_report import printable

NAMED_MAX = 5  # unknown files that are named


@dataclass(frozen=True)
class GivenCaptions:
    """The given captions of a folder's pictures by path, at least one each; `unknown` are files that it does not have."""

    by_path: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    unknown: Sequence[str] = ()


def match_given(given: Mapping[str, Sequence[str]], image_paths: Iterable[str]) -> GivenCaptions:
    """Return the captions of the pictures that are there.

    Some systems write an accented letter as two characters (NFD): a name that is not there as it is written is looked for in
    that form, too.
    """
    paths = set(image_paths)
    by_form = {unicodedata.normalize("NFC", path): path for path in sorted(paths)}
    found = {file: file if file in paths else by_form.get(unicodedata.normalize("NFC", file)) for file in given}
    by_path = {path: tuple(given[file]) for file, path in found.items() if path}
    return GivenCaptions(by_path, [file for file, path in found.items() if not path])


def print_given(captions: GivenCaptions, last: Iterable[IndexedImage], console: Console, *, asked: bool) -> None:
    """Print how many pictures have given captions, and which files are not there; or that the index is to lose its own."""
    dropped = 0 if asked else sum(row.caption_source == "given" for row in last)
    if dropped:
        warning = (
            f"The index has given captions of {dropped:,} pictures. This run has none, so the models' take their place. "
            "To keep them, stop it (Ctrl-C) and repeat it with --given-captions."
        )
        console.print(warning, style="yellow", highlight=False)
    if asked:
        console.print(f"{len(captions.by_path):,} pictures have given captions", highlight=False)
    if captions.unknown:
        named = ", ".join(map(printable, captions.unknown[:NAMED_MAX]))
        more = len(captions.unknown) - NAMED_MAX
        files = "1 file" if len(captions.unknown) == 1 else f"{len(captions.unknown):,} files"
        counted = f"Given captions of {files} are left out, as no picture here has that name: {named}"
        counted += f" and {more:,} more" if more > 0 else ""
        if not captions.by_path:
            counted += ". None was found: a name is the picture's path below the folder that is indexed."
        console.print(Text(counted, style="yellow"), soft_wrap=True)
