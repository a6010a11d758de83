"""CAPTIONS.jsonl: which picture people described, and how. Whatever cannot be used is named by its line, never fatal.

Owns that file's form. Opens no picture; whether one can be read is found out when a model is to see it.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from export.errors import CaptionsUnusable
from export.index.scan import is_text


@dataclass(frozen=True, slots=True)
class Described:
    """A picture and what people said of it, at least one caption; `line` counts from 1."""

    line: int
    name: str
    path: Path
    captions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Skipped:
    """A line, or a part of it, that is left out, and why. Names no file: the line says which."""

    line: int
    reason: str


@dataclass
class Captions:
    """What the file gives: pictures in its order, and what was left out."""

    described: list[Described] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)


class _LineUnusable(Exception):
    """The line is skipped; the message says why."""


def read_captions(path: Path, images: Path | None = None) -> Captions:
    """Return the pictures that the file describes.

    Args:
        path: one JSON object a line, {"file", "captions"}; other fields are left alone, as are empty lines.
        images: the folder that "file" is relative to; None is the file's own.

    Raises:
        CaptionsUnusable: the file cannot be read, or the folder of pictures is not there.
    """
    root = images or path.parent
    try:
        content = path.read_bytes()
    except OSError as cause:
        raise CaptionsUnusable(path, cause.strerror or str(cause)) from cause
    if not root.is_dir():
        raise CaptionsUnusable(path, f"the folder of its pictures, {root}, is not there")
    captions = Captions()
    seen: dict[str, int] = {}
    for line, text in enumerate(content.removeprefix(b"\xef\xbb\xbf").split(b"\n"), start=1):
        if text.strip():
            _take_line(line, text, root.resolve(), seen, captions)
    return captions


def _take_line(line: int, text: bytes, root: Path, seen: dict[str, int], captions: Captions) -> None:
    try:
        fields = _parse(text)
        name, path = _locate(fields, root)
        if name in seen:
            raise _LineUnusable(f"its picture was described on line {seen[name]} already")
        usable = tuple(_usable_captions(line, fields, captions.skipped))
    except _LineUnusable as cause:
        captions.skipped.append(Skipped(line, str(cause)))
        return
    seen[name] = line
    captions.described.append(Described(line, name, path, usable))


def _parse(text: bytes) -> dict[str, object]:
    try:
        fields = json.loads(text.decode("utf-8"))
    except UnicodeDecodeError as cause:
        raise _LineUnusable("it is not UTF-8") from cause
    except (ValueError, RecursionError) as cause:
        raise _LineUnusable("it is not JSON") from cause
    if not isinstance(fields, dict):
        raise _LineUnusable("it is not a JSON object")
    return fields


def _locate(fields: dict[str, object], root: Path) -> tuple[str, Path]:
    """Return the picture's name, written one way only, and its path, sure to be below the folder."""
    given = fields.get("file")
    if not isinstance(given, str) or not given.strip():
        raise _LineUnusable('it has no "file"')
    name = PurePosixPath(given)
    try:
        path = (root / name).resolve()
        there = path.is_file()
    except (ValueError, OSError, RuntimeError) as cause:  # a NUL or half a character in it; too long; a loop of links
        raise _LineUnusable('its "file" is no path') from cause
    if ".." in name.parts or not path.is_relative_to(root):
        raise _LineUnusable('its "file" leads out of the folder of pictures')
    if not there:
        raise _LineUnusable("its picture is not there")
    return str(name), path


def _usable_captions(line: int, fields: dict[str, object], skipped: list[Skipped]) -> Iterator[str]:
    given = fields.get("captions")
    if not isinstance(given, list) or not given:
        raise _LineUnusable('it has no "captions"')
    usable = 0
    for number, caption in enumerate(given, start=1):
        if reason := _why_unusable(caption):
            skipped.append(Skipped(line, f"its caption {number} {reason}"))
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
