"""Skipped pictures as a person reads them: by format and reason, the most frequent first, with some names and what to do."""

import re
from collections import defaultdict
from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from export.index.folder.found import SkippedImage
from export.index.folder.unread_formats import format_of
from runtime.images import reasons

GROUP_MIN = 6  # fewer of one reason are listed one by one
NAMED = 3  # of a group
LISTED_MAX = 100  # lines printed; the catalogue has all
NUMBER = re.compile(r"\d[\d,.]*")
STEPS = (
    (reasons.CUT_SHORT, "Copy these files again from where they came, or delete them."),
    (reasons.DAMAGED, "Copy these files again from where they came, or delete them."),
    (reasons.EMPTY, "Copy these files again from where they came, or delete them."),
    (
        f"{reasons.NO_PICTURE} zeros",
        "Let the cloud's program keep them on this disk, then run the same command again.",
    ),
    (reasons.OUT_OF_MEMORY, "Allow more with DECODE_MEMORY_MB, then run the same command again."),
    ("it cannot be read", "Give yourself the right to read these files, then run the same command again."),
    ("it changed while", "Run the same command again."),
    ("it went away while", "Run the same command again."),
    ("decoding it takes longer", "Run the same command again when the machine has less to do."),
)


def print_skipped(skipped: Sequence[SkippedImage], console: Console) -> None:
    """Print skipped pictures with their reasons. Names may hold anything, so none is read as markup."""
    if not skipped:
        return
    console.print(f"{len(skipped):,} skipped:", style="yellow")
    lines = [line for group in _groups(skipped) for line in _lines_of(group)]
    for line in lines[:LISTED_MAX]:
        console.print(Text(f"  {line}"), soft_wrap=True)
    if len(lines) > LISTED_MAX or len(skipped) > len(lines):
        console.print("  The table `skipped` of catalog.sqlite has every name and reason.")


def printable(text: str) -> str:
    """Return the text with control characters escaped: a file name may hold a newline, or a terminal's own commands."""
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)


def _groups(skipped: Sequence[SkippedImage]) -> list[list[SkippedImage]]:
    groups = defaultdict(list)
    for image in skipped:
        groups[format_of(image.name), NUMBER.sub("0", image.reason)].append(image)
    return sorted(groups.values(), key=lambda group: (-len(group), group[0].name))


def _lines_of(group: Sequence[SkippedImage]) -> list[str]:
    step = next((step for start, step in STEPS if group[0].reason.startswith(start)), None)
    if len(group) < GROUP_MIN:
        lines = [f"{printable(image.name)}: {printable(image.reason)}" for image in group]
    else:
        named = ", ".join(printable(image.name) for image in group[:NAMED])
        kind, reason = printable(format_of(group[0].name)), printable(group[0].reason)
        lines = [f"{len(group):,} {kind}: {reason}: {named} and {len(group) - NAMED:,} more".replace("  ", " ")]
    return [*lines, f"  {step}"] if step else lines
