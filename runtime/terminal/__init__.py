"""What the terminal shows: an answer as a table or as plain lines, an error as one line.

Text of others is shown as text, never as markup, and in the letters that the terminal has.
"""

import codecs
import errno
import os
import shlex
import sys
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import typer

from runtime.errors import LookwhyError
from runtime.terminal.refusals import PlainlyRefusing, with_named_paths

if TYPE_CHECKING:
    from runtime.web.routes.duplicates import DuplicatesBody
    from runtime.web.schemas import SearchBody

FAILED, INTERRUPTED = 1, 130
NOT_WRITTEN = {errno.ENOSPC, errno.EDQUOT, errno.EIO}  # where the output goes to a file; a broken pipe is typer's
SAMPLE_MODELS_BANNER = (
    "Sample models: trained on drawn scenes only, they do not understand photos. Get real ones: lookwhy models."
)
NEVER_COMPARED = "This index was never looked through for copies. Bring it up to date: lookwhy index FOLDER."
NO_GOOD_MATCH = "Nothing here matches well; these come nearest."
WHAT_COLUMNS_SAY = (
    "match: how likely the picture shows what you asked for. similarity: how near picture and query are, at most 1; "
    "compare it within one search."
)
CAPTIONS_ARE_ENGLISH = "Captions and explanations are in English. Unless models are multilingual, English words find more."
LOCALE_LACKS = (
    f"The locale (LC_ALL, LC_CTYPE or LANG) knows names in {sys.getfilesystemencoding()} alone; set LC_ALL=C.UTF-8."
)
PLAIN_LETTERS = str.maketrans({"“": '"', "”": '"', "‘": "'", "’": "'", "–": "-", "—": "-", "…": "...", "•": "*"})
CONTROLS = {"Cc", "Zl", "Zp"}  # Unicode's categories of what breaks a line or drives a terminal
# What turns the order of the letters behind it, as in a name that is made to end in ".jpg". The marks that texts in Arabic
# and Hebrew need (U+200E, U+200F, U+061C) turn nothing and stay.
TURNS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def run_command_line(app: typer.Typer, name: str) -> None:
    """Run a command line under its name and end the process; a terminal without UTF-8 gets plain letters."""
    codecs.register_error("plain_letters", _plain_letters)
    for name_of in ("stdout", "stderr"):
        if getattr(sys, name_of) is None:  # closed by whoever started this: nothing is to be said there
            nowhere = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 (open for as long as the process runs)
            setattr(sys, name_of, nowhere)
        stream = getattr(sys, name_of)
        if hasattr(stream, "reconfigure"):  # not so where it is a test's own
            stream.reconfigure(errors="plain_letters")
    app.info.cls = PlainlyRefusing
    try:
        with_named_paths(typer.main.get_command(app))(prog_name=name)
    except OSError as error:
        if error.errno not in NOT_WRITTEN:
            raise
        tell(f"error: What was to be printed could not be written: {error.strerror}.")
        os._exit(FAILED)  # at its end Python would try to write the rest once more, and print a traceback


@contextmanager
def told_errors() -> Iterator[None]:
    """Turn an error of ours into its message and exit code 1, and Ctrl-C into 130: never a traceback to the user."""
    try:
        yield
    except LookwhyError as error:
        tell(f"error: {error}")
        sys.exit(FAILED)
    except UnicodeEncodeError:
        if locale_writes_utf8():
            raise
        tell(f"error: A name here is UTF-8. {LOCALE_LACKS}")
        sys.exit(FAILED)
    except PermissionError as error:  # of a folder on the way to a file: whether that is there cannot be seen
        if error.filename is None:
            raise
        tell(f"error: {error.filename} cannot be used: {error.strerror}. Let this user read it, or name another.")
        sys.exit(FAILED)
    except KeyboardInterrupt as stopped:  # its notes say what is kept
        tell(" ".join(("Stopped.", *getattr(stopped, "__notes__", ()))))
        sys.exit(INTERRUPTED)


def tell(line: str) -> None:
    """Print a line for the person, beside what the command answers."""
    typer.echo(line, err=True)


def locale_writes_utf8() -> bool:
    """Return whether names of files can hold every letter."""
    return sys.getfilesystemencoding() == "utf-8"


def text_of(argument: str) -> str:
    """Return an argument as it was typed: UTF-8, even where the locale made Python read it as something else."""
    try:
        return os.fsencode(argument).decode("utf-8")
    except UnicodeError:  # typed in another encoding, the locale's own
        return argument


def is_terminal(stream: TextIO) -> bool:
    """Return whether a person reads the stream."""
    return stream.isatty()


def writes_utf8(stream: TextIO) -> bool:
    """Return whether the stream takes every letter."""
    return stream.encoding.lower().replace("-", "").startswith("utf8")


def print_answer(body: "SearchBody", folder: Path | None = None) -> None:
    """Print the hits as a table, best first, the folder that their paths begin in, and how long the search took."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    title = Text(escape_controls(f"“{body.query}”")) if body.query else None  # by a picture alone
    table = Table(title=title, title_justify="left", caption=WHAT_COLUMNS_SAY, caption_justify="left")
    table.add_column("match", justify="right")
    table.add_column("similarity", justify="right")  # as the page calls it
    table.add_column("picture", overflow="fold")
    table.add_column("caption")
    table.add_column("why")
    for result in body.results:
        cells = (
            percent(result.match_probability),
            f"{result.score:.3f}",
            result.image_path,
            result.caption,
            result.explanation,
        )
        table.add_row(*(Text(escape_controls(cell)) for cell in cells))
    console = Console()
    if body.results:
        console.print(table)
    for note in _notes(body):
        console.print(Text(note), style="yellow")
    noun = "picture" if len(body.results) == 1 else "pictures"
    where = f" of {escape_controls(str(from_here(folder)))}" if folder else ""
    took = f"{len(body.results)} {noun}{where} in {sum(body.timings_ms.values()):.1f} ms"
    console.print(Text(took), soft_wrap=True)


def print_lines(body: "SearchBody", paths: Sequence[str]) -> None:
    """Print a line a hit, best first, for another program: path, probability and caption with tabs between."""
    for note in _notes(body):
        tell(note)
    for path, result in zip(paths, body.results, strict=True):
        probability = "" if result.match_probability is None else f"{result.match_probability:.3f}"
        typer.echo("\t".join((escape_controls(path), probability, escape_controls(result.caption))))


def print_duplicates(body: "DuplicatesBody") -> None:
    """Print a line a picture, for another program: which it is of its group, bytes, size, time and path with tabs between.

    One that is another's file, by a link, is called the same, so that nobody deletes the only one there is. Each group
    begins with the picture that is shown for it, or that was taken first. How much could go is told beside.
    """
    for first, other, groups in (("shown", "copy", body.copies), ("first", "burst", body.bursts)):
        for group in groups:
            for at, picture in enumerate(group.pictures):
                size = f"{picture.width}x{picture.height}"
                kind = "same" if picture.same_file else other if at else first
                cells = (kind, str(picture.bytes), size, picture.taken or "", picture.image_path)
                typer.echo("\t".join(map(escape_controls, cells)))
    copies = f"{body.copies_spare_pictures:,} beside the {len(body.copies):,} shown"
    bursts = f"{len(body.bursts):,}, of {sum(len(group.pictures) for group in body.bursts):,} pictures"
    tell(f"Copies: {copies}, {body.copies_spare_bytes / 1e6:,.1f} MB that could go. Bursts: {bursts}. Nothing was deleted.")


def print_paths(body: "SearchBody", paths: Sequence[str], *, end: bytes) -> None:
    """Print paths as the file system has them, each with `end` behind it; only a NUL can end one that holds a newline."""
    for note in _notes(body):
        tell(note)
    for path in paths:
        typer.echo((path if end == b"\0" else escape_controls(path)).encode("utf-8", "surrogateescape") + end, nl=False)


def escape_controls(text: str) -> str:
    r"""Return the text on one line and harmless to a terminal: a newline is `\n`, a tab `\t`, an escape `\x1b`."""
    return "".join(
        char.encode("unicode_escape").decode() if char in TURNS or unicodedata.category(char) in CONTROLS else char
        for char in text
    )


def _notes(body: "SearchBody") -> Iterator[str]:
    """Yield what is to be known of a whole answer: is its query cut, is it filtered or could it be, does nothing match."""
    if body.query_read is not None:
        count = len(body.query_read.split())
        words = "word was" if count == 1 else f"{count} words were"
        yield f"Only the first {words} searched for: {escape_controls(body.query_read)}"
    if body.query_language is not None:
        yield CAPTIONS_ARE_ENGLISH
    if body.filtered is not None:
        yield body.filtered.message
    if body.verdict == "none" and not (body.filtered and not body.filtered.pictures):
        yield NO_GOOD_MATCH
    for suggested in body.filters_suggested:
        options = " ".join(f"--{key} {shlex.quote(value)}" for key, value in suggested.where.items())
        yield f"To filter by “{escape_controls(suggested.words)}”, take {escape_controls(options)} in place of these words."


def from_here(file: Path) -> Path:
    """Return a path as it is shortest to type: from the current folder, where it lies below that."""
    here = Path.cwd()
    return file.relative_to(here) if file.is_relative_to(here) else file


def percent(probability: float | None) -> str:
    """Return a probability as people write it; neither 0 nor 100, as nothing here is certain."""
    if probability is None:
        return ""
    percent = round(100 * probability)
    return "<1%" if percent < 1 else ">99%" if percent > 99 else f"{percent}%"


def _plain_letters(error: UnicodeError) -> tuple[str, int]:
    """Return what stands for letters that a stream's encoding lacks: ASCII of the same meaning, else a question mark."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    lacking = unicodedata.normalize("NFKD", error.object[error.start : error.end].translate(PLAIN_LETTERS))
    kept = (char for char in lacking if not unicodedata.combining(char))
    return "".join(char if char.isascii() else "?" for char in kept), error.end
