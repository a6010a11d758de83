"""A list of picture addresses, as a CSV with a header or as plain lines: file -> numbered rows. Downloads nothing.

A row's number is its place among the list's records, from 1, header, blank lines and comments not counted: the number
names the picture's file, so it must not change when the list is merely tidied.
"""

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from export.errors import UrlListUnusable

URL_COLUMNS = ("photo_image_url", "image_url", "url", "image", "img_url", "link", "src")  # the first is the seed's
TABLE_SUFFIXES = (".csv", ".tsv")
DELIMITERS = ",;\t"
SCHEMES = ("http://", "https://")


@dataclass(frozen=True)
class UrlRow:
    """One record of the list: its number, from 1, and its address, which may be empty or unusable."""

    number: int
    url: str


def read_urls(path: Path, column: str | None = None) -> list[UrlRow]:
    """Return the list's addresses in their order.

    Args:
        path: UTF-8, with or without a byte order mark; records separated by commas, semicolons or tabs, or plain lines.
        column: the column of the addresses; without it, the first of `URL_COLUMNS` that there is.

    Raises:
        UrlListUnusable: it cannot be read, is not UTF-8, is empty, or has no such column.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            urls = list(_addresses(lines, path, column))
    except UnicodeDecodeError as error:
        raise UrlListUnusable(path, f"it is not UTF-8 text ({error.reason})") from error
    except OSError as error:
        raise UrlListUnusable(path, error.strerror or str(error)) from error
    if not any(urls):
        raise UrlListUnusable(path, "it names no address")
    return [UrlRow(number, url) for number, url in enumerate(urls, start=1)]


def _addresses(lines: Iterator[str], path: Path, column: str | None) -> Iterator[str]:
    first = next((line for line in lines if line.strip()), None)
    if first is None:
        raise UrlListUnusable(path, "it is empty")
    everything = chain([first], lines)
    if _is_table(first, path, column):
        return _cells(everything, first, path, column)
    return (line.strip() for line in everything if line.strip() and not line.lstrip().startswith("#"))


def _is_table(first: str, path: Path, column: str | None) -> bool:
    """Return whether to read records: an address may itself hold commas, so only a table's name or header says so."""
    starts_as_lines = first.lstrip().startswith((*SCHEMES, "#"))
    return column is not None or path.suffix.lower() in TABLE_SUFFIXES or not starts_as_lines


def _cells(lines: Iterable[str], first: str, path: Path, column: str | None) -> Iterator[str]:
    delimiter = max(DELIMITERS, key=first.count)
    records = _records(lines, path, delimiter=delimiter)
    header = [name.strip() for name in next(records)]
    position = _address_position(header) if column is None else None
    first_records = [] if position is None else [header]  # an address there: no header, but a record already
    if position is None:
        position = _column_position(header, path, column)
    return (_cell(record, position) for record in chain(first_records, records))


def _records(lines: Iterable[str], path: Path, *, delimiter: str) -> Iterator[list[str]]:
    """Yield the records that are not blank. Strict: an unclosed quote would else swallow all rows below it in silence."""
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    try:
        yield from filter(any, reader)
    except csv.Error as error:
        raise UrlListUnusable(path, f"line {reader.line_num} is no row of a table ({error})") from error


def _cell(record: list[str], position: int) -> str:
    return record[position].strip() if position < len(record) else ""


def _address_position(record: list[str]) -> int | None:
    return next((position for position, cell in enumerate(record) if cell.startswith(SCHEMES)), None)


def _column_position(header: list[str], path: Path, column: str | None) -> int:
    lowered = [name.lower() for name in header]
    for name in URL_COLUMNS if column is None else (column.strip().lower(),):
        if name in lowered:
            return lowered.index(name)
    missing = "none of its columns is known to hold addresses" if column is None else f"it has no column {column!r}"
    raise UrlListUnusable(path, f"{missing}; its columns are {', '.join(map(repr, header))}; name one with --column")
