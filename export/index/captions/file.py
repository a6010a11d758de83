"""CAPTIONS.jsonl: pictures and the captions that people gave them.

A line that cannot be used is reported and left out where models are measured, and refused where an index is built.
Owns the format of that file. Opens no picture: whether one can be decoded shows when it is needed.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from export.errors import CaptionsUnusable
from export.index.folder.scan import is_text
from runtime.artefacts.file_record import open_file

GIVEN_MAX_CHARS = 1000  # of a caption in an index, as of a query
TOO_LONG = f"a caption has more than {GIVEN_MAX_CHARS:,} characters"
# The names that others give the two fields: answers of the API, Hugging Face's folders of pictures, and by hand.
FILE_FIELDS = ("file", "image_path", "file_name", "filename")
CAPTIONS_FIELDS = ("captions", "caption")
GOOD_LINE = '{"file": "2019/boat.jpg", "captions": ["a red boat at sea"]}'
NOT_JSON, NO_OBJECT, NO_FILE, NO_CAPTIONS = (
    "it is not JSON",
    "it is not a JSON object",
    'it has no "file"',
    'it has no "captions"',
)
OF_FORM = {NOT_JSON, NO_OBJECT, NO_FILE, NO_CAPTIONS}  # what a look at a good line mends


@dataclass(frozen=True, slots=True)
class CaptionedPicture:
    """A picture with one caption or more; `line` is its line in the file, counted from 1."""

    line: int
    name: str
    path: Path
    captions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SkippedLine:
    """Why a line, or one of its captions, is left out. Does not name the picture, whose name may be private."""

    line: int
    reason: str


@dataclass
class CaptionsFile:
    """The pictures that can be used, in the order of the file, and what was left out."""

    pictures: list[CaptionedPicture] = field(default_factory=list)
    skipped: list[SkippedLine] = field(default_factory=list)


class _LineUnusable(Exception):
    """The line is skipped; the message says why."""


def read_given_captions(path: Path, images: Path) -> dict[str, tuple[str, ...]]:
    """Return the captions of each picture of a folder by its path there, in their order, each once and in one line.

    Whether the folder has the picture is left to the caller.

    Raises:
        CaptionsUnusable: the file cannot be read, the folder is not there, or a line, which it names, cannot be used.
    """
    read = read_captions(path, images, absent_too=True)
    faults = [*read.skipped, *(SkippedLine(one.line, TOO_LONG) for one in read.pictures if _is_too_long(one))]
    if faults:
        first = min(faults, key=lambda fault: fault.line)
        others = len({fault.line for fault in faults}) - 1
        more = f" ({others:,} more {'line' if others == 1 else 'lines'} cannot be used)" if others else ""
        example = f". Each line must look like this: {GOOD_LINE}" if first.reason in OF_FORM else ""
        raise CaptionsUnusable(path, f"line {first.line}: {first.reason}{more}{example}")
    root = images.resolve()
    return {
        _relative(picture, root): tuple(dict.fromkeys(" ".join(caption.split()) for caption in picture.captions))
        for picture in read.pictures
    }


def read_captions(path: Path, images: Path | None = None, *, absent_too: bool = False) -> CaptionsFile:
    """Read a file of captions.

    Args:
        path: one JSON object a line, {"file", "captions"}, or the names in `FILE_FIELDS` and `CAPTIONS_FIELDS`; one caption
            may stand there as it is. Other fields and empty lines are ignored.
        images: the folder that "file" is relative to; None is the file's own.
        absent_too: take lines of pictures that are not there, too.

    Raises:
        CaptionsUnusable: the file cannot be read, or the folder of pictures is not there.
    """
    root = images or path.parent
    try:
        with open_file(path) as file:
            content = file.read()
    except OSError as cause:
        raise CaptionsUnusable(path, cause.strerror or str(cause)) from cause
    if not root.is_dir():
        raise CaptionsUnusable(path, f"the folder of its pictures, {root}, is not there")
    captions = CaptionsFile()
    seen: dict[str, int] = {}
    for line, text in enumerate(content.removeprefix(b"\xef\xbb\xbf").split(b"\n"), start=1):
        if text.strip():
            _read_line(line, text, root.resolve(), seen, captions, absent_too=absent_too)
    return captions


def _read_line(
    line: int, text: bytes, root: Path, seen: dict[str, int], captions: CaptionsFile, *, absent_too: bool
) -> None:
    try:
        fields = _parse(text)
        name, path = _locate(fields, root, absent_too=absent_too)
        if name in seen:
            raise _LineUnusable(f"its picture was described on line {seen[name]} already")
        usable = tuple(_usable_captions(line, fields, captions.skipped))
    except _LineUnusable as cause:
        captions.skipped.append(SkippedLine(line, str(cause)))
        return
    seen[name] = line
    captions.pictures.append(CaptionedPicture(line, name, path, usable))


def _parse(text: bytes) -> dict[str, object]:
    try:
        fields = json.loads(text.decode("utf-8"))
    except UnicodeDecodeError as cause:
        raise _LineUnusable("it is not UTF-8") from cause
    except (ValueError, RecursionError) as cause:
        raise _LineUnusable(NOT_JSON) from cause
    if not isinstance(fields, dict):
        raise _LineUnusable(NO_OBJECT)
    return fields


def _locate(fields: dict[str, object], root: Path, *, absent_too: bool) -> tuple[str, Path]:
    """Return the picture's name in one normal form ("./a.jpg" is "a.jpg"), and its path, which lies below the folder."""
    given = _first_of(FILE_FIELDS, fields)
    if not isinstance(given, str) or not given.strip():
        raise _LineUnusable(NO_FILE)
    name = PurePosixPath(given)
    try:
        path = (root / name).resolve()
        there = path.is_file()
    except (ValueError, OSError, RuntimeError) as cause:  # a NUL or an unpaired surrogate; too long; a loop of links
        raise _LineUnusable('its "file" is no path') from cause
    if ".." in name.parts or not path.is_relative_to(root):
        raise _LineUnusable('its "file" leads out of the folder of pictures')
    if not there and not absent_too:
        raise _LineUnusable("its picture is not there")
    return str(name), path


def _first_of(names: tuple[str, ...], fields: dict[str, object]) -> object:
    """Return the first field of these names that a line has, None where it has none."""
    return next((fields[name] for name in names if name in fields), None)


def _usable_captions(line: int, fields: dict[str, object], skipped: list[SkippedLine]) -> Iterator[str]:
    found = _first_of(CAPTIONS_FIELDS, fields)
    given = [found] if isinstance(found, str) else found
    if not isinstance(given, list) or not given:
        raise _LineUnusable(NO_CAPTIONS)
    usable = 0
    for number, caption in enumerate(given, start=1):
        if reason := _why_unusable(caption):
            skipped.append(SkippedLine(line, f"its caption {number} {reason}"))
        else:
            usable += 1
            yield caption
    if not usable:
        raise _LineUnusable("none of its captions can be used")


def _why_unusable(caption: object) -> str | None:
    if not isinstance(caption, str):
        return "is not text"
    if not caption.strip():
        return "is empty"
    return None if is_text(caption) else "has half a character in it"


def _is_too_long(picture: CaptionedPicture) -> bool:
    return any(len(caption) > GIVEN_MAX_CHARS for caption in picture.captions)


def _relative(picture: CaptionedPicture, root: Path) -> str:
    """Return the picture's path below the folder; an absolute one may have been written."""
    return picture.path.relative_to(root).as_posix() if PurePosixPath(picture.name).is_absolute() else picture.name
