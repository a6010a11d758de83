"""What a build did, as counts and as the few lines that a person reads."""

import shlex
import shutil
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.text import Text

from export.index.folder.found import Scan, SkippedImage
from export.index.folder.skipped_report import print_skipped, printable
from export.index.folder.unread_formats import format_counts, unread_lines
from export.index.unreachable_pictures import EVERYWHERE, KeptFolder
from runtime.artefacts.package_data import sample_models_dir
from runtime.settings import OWN_INDEX, OWN_MODELS
from runtime.terminal import tell

LISTED_MAX = 100  # folders printed


@dataclass(frozen=True)
class Summary:
    """What became of the pictures, in numbers of pictures.

    `count` is how many the index holds now. `encoded` counts contents, not pictures, that were embedded in this run;
    `uncaptioned` the pictures that await a caption, put off if `captions_later`; `unnamed_positions` those whose position
    has no name for want of a table of towns; `unread_texts` those that await being looked at for text. `generation` is the
    one in force; `written` says whether this run made it. `other_file` is the one file that is no picture, where it is
    known. `left_out` are lines about what is not read, or is left out on purpose. `kept` are pictures that could not be
    looked at, by folder. `bytes` are how much disk it takes, `others_bytes` how much the `others` take, which one can go
    back to.
    """

    count: int
    generation: str
    written: bool
    added: int = 0
    changed: int = 0
    renamed: int = 0
    removed: int = 0
    unchanged: int = 0
    encoded: int = 0
    uncaptioned: int = 0
    unnamed_positions: int = 0
    captions_later: bool = False
    unread_texts: int = 0
    other_files: int = 0
    other_file: str | None = None
    left_out: Sequence[str] = ()
    skipped: Sequence[SkippedImage] = ()
    kept: Sequence[KeptFolder] = ()
    bytes: int = 0
    others: Sequence[str] = ()
    others_bytes: int = 0


def print_found(scan: Scan, folder: Path, console: Console) -> None:
    """Print how many pictures a folder holds, of which formats, and what is not read there."""
    formats = format_counts(image.image_path for image in scan.images)
    line = f"{len(scan.images):,} pictures in {folder}{f': {formats}' if formats else ''}"
    for one in (line, *unread_lines(scan.unread)):
        console.print(Text(printable(one)), soft_wrap=True)


def print_summary(summary: Summary, console: Console) -> None:
    """Print what was skipped and why, then the counts."""
    print_skipped(summary.skipped, console)
    print_kept(summary.kept, console)
    for line in summary.left_out:
        console.print(Text(printable(line), style="yellow"), soft_wrap=True)
    counts = Counter({name: getattr(summary, name) for name in ("added", "changed", "renamed", "removed", "unchanged")})
    line = ", ".join(f"{number:,} {name}" for name, number in counts.items() if number)
    if summary.kept:
        line += f", {sum(folder.pictures for folder in summary.kept):,} kept unseen"
    if summary.skipped:
        line += f", {len(summary.skipped):,} skipped"
    if summary.other_files:
        kind = "file that is no picture" if summary.other_files == 1 else "files that are no pictures"
        line += f"; {summary.other_files:,} {kind}"
    if summary.other_files == 1 and summary.other_file:
        line += f" ({printable(summary.other_file)})"
    counted = Text(f"{summary.count:,} pictures in the index: {line}.", style="bold")
    console.print(counted, soft_wrap=True)
    if not summary.written:
        console.print("Nothing has changed; the index was left as it is.")
    console.print(_about_disk(summary), highlight=False)
    if summary.uncaptioned:
        console.print(_about_captions(summary), style="yellow", highlight=False)
    if summary.unnamed_positions:
        console.print(
            _about_places(summary.unnamed_positions), style="yellow", highlight=False, markup=False, soft_wrap=True
        )
    if summary.unread_texts:
        console.print(_about_text(summary.unread_texts), style="yellow", highlight=False)


def print_kept(kept: Sequence[KeptFolder], console: Console) -> None:
    """Print a line for each folder whose pictures are kept although they could not be looked at."""
    for folder in kept[:LISTED_MAX]:
        pictures = "1 picture" if folder.pictures == 1 else f"{folder.pictures:,} pictures"
        where = "" if folder.name == EVERYWHERE else f" in {printable(folder.name)}"
        line = f"{pictures}{where} kept unseen: {printable(folder.reason)}."
        console.print(Text(line, style="yellow"), soft_wrap=True)
    if len(kept) > LISTED_MAX:
        console.print(f"and {len(kept) - LISTED_MAX:,} more folders", style="yellow")
    if kept:
        console.print("If they are gone for good, the same command with --forget removes them.", style="yellow")


def _about_disk(summary: Summary) -> str:
    own = f"This state of the index ({summary.generation}) takes {summary.bytes / 1e6:,.1f} MB"
    if not summary.others:
        return f"{own}."
    return f"{own}; {', '.join(summary.others)}, to go back to, {summary.others_bytes / 1e6:,.1f} MB (lookwhy rollback)."


def _about_captions(summary: Summary) -> str:
    awaited = f"{summary.uncaptioned:,} of them have no caption yet"
    if summary.captions_later:
        return f"{awaited}. The same command without `--captions later` makes them; it may be stopped and started again."
    return f"{awaited}: their files changed or went away meanwhile. Run the same command again."


def _about_places(unnamed: int) -> str:
    many = "1 photo knows where it was taken" if unnamed == 1 else f"{unnamed:,} photos know where they were taken"
    command = "pip install 'lookwhy[places]' && lookwhy places"
    return f"{many}, but there is no table of towns to name the place. Make it, then run the same command again: {command}"


def _about_text(unread: int) -> str:
    many = "1 of them was" if unread == 1 else f"{unread:,} of them were"
    return f"{many} not looked at for text yet. The same command with `--text now` does it; it may be stopped meanwhile."


def tell_next_steps(program: str, models_dir: Path, index_dir: Path) -> None:
    """Tell the commands that use the new index, with the options that they cannot find out by themselves."""
    program = _as_typed(program)
    named = [] if index_dir == OWN_INDEX else ["--index", str(index_dir)]
    named += [] if models_dir in {OWN_MODELS, sample_models_dir()} else ["--models", str(models_dir)]
    options = f" {shlex.join(named)}" if named else ""
    tell(f'Search it:  {program} search "a red boat"{options}\nServe it:   {program} serve{options}')


def _as_typed(program: str) -> str:
    """Return how the program that answers searches is called from this folder."""
    if program == "python -m export":
        command = Path(sys.executable).with_name("lookwhy")
        return _from_here(str(command)) if command.is_file() else f"{_from_here(sys.executable)} -m runtime"
    return program if shutil.which(program) else _from_here(sys.argv[0])


def _from_here(file: str) -> str:
    here = Path.cwd()
    return shlex.quote(str(Path(file).relative_to(here)) if Path(file).is_relative_to(here) else file)
