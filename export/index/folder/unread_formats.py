"""What is not read of a folder, by kind: formats that need more packages, videos, pictures of other formats.

Opens a file for its first bytes alone, and only where its name says HEIC or RAW and these are not read here.
"""

import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath

from runtime.images import FORMAT_BY_SUFFIX
from runtime.images.file_types import HEIF_SUFFIXES, RAW_SUFFIXES, START_BYTES, Reader, kind_of
from runtime.images.foreign.unwrapping import INSTALL_EXTRA, can_read

VIDEO = "video"
VIDEO_SUFFIXES = frozenset(
    {".mov", ".mp4", ".m4v", ".avi", ".mkv", ".webm", ".3gp", ".3g2", ".mts", ".m2ts", ".mpg", ".mpeg", ".wmv", ".insv"}
)
# Of pictures, too, but of kinds that nothing here reads.
UNREAD_BY_SUFFIX = {
    **dict.fromkeys(VIDEO_SUFFIXES, VIDEO),
    **dict.fromkeys((".svg", ".svgz"), "SVG"),
    **{f".{name.lower()}": name for name in ("PSB", "ICO", "XCF", "TGA", "EPS")},
    **{".jxl": "JPEG XL", ".exr": "OpenEXR", ".hdr": "Radiance HDR", ".icloud": "iCloud placeholder"},
}
FOREIGN_SUFFIXES = HEIF_SUFFIXES | RAW_SUFFIXES
READ_SUFFIXES = frozenset(FORMAT_BY_SUFFIX) | FOREIGN_SUFFIXES
COMMON_FORMATS = ("JPEG", "PNG", "WebP", "TIFF", "AVIF")
# Of a Live Photo, a phone writes the picture and beside it, under its name, a video of three seconds.
LIVE_STILLS, LIVE_VIDEOS = frozenset({".heic", ".heif", ".jpg", ".jpeg"}), frozenset({".mov", ".mp4"})
PLURALS = {VIDEO: "videos", "iCloud placeholder": "iCloud placeholders"}


def read_formats() -> str:
    """Return some of the formats that are read here, for people; HEIC and RAW where their packages are installed."""
    foreign = [name for name, reader in (("HEIC", Reader.HEIF), ("RAW", Reader.RAW)) if can_read(reader)]
    return f"{', '.join((*COMMON_FORMATS, *foreign))} and others"


def suffix_of(path: str) -> str:
    """Return the suffix of a path in small letters, as pathlib would tell it, in a tenth of the time."""
    name = path.rpartition("/")[2]
    dot = name.rfind(".")
    return name[dot:].lower() if 0 < dot < len(name) - 1 else ""


def format_of(name: str) -> str:
    """Return what a file's name says that it is: "JPEG", "HEIC", "CR3"."""
    suffix = suffix_of(name)
    return "HEIC" if suffix in HEIF_SUFFIXES else FORMAT_BY_SUFFIX.get(suffix) or suffix[1:].upper()


def unread_kind(path: str) -> str | None:
    """Return of which kind a file is that is not read here; None where it may be read, or is nothing that one would read."""
    suffix = suffix_of(path)
    if suffix in FOREIGN_SUFFIXES:
        reader = Reader.HEIF if suffix in HEIF_SUFFIXES else Reader.RAW
        return None if can_read(reader) else _kind_by_content(Path(path))
    return UNREAD_BY_SUFFIX.get(suffix)


def _kind_by_content(path: Path) -> str | None:
    try:
        with path.open("rb") as file:
            kind = kind_of(file.read(START_BYTES), path.name)
    except OSError:  # whoever reads it will say so
        return None
    return None if can_read(kind.reader) or kind.reader not in {Reader.HEIF, Reader.RAW} else format_of(path.name)


def live_videos(unread: Mapping[str, str], stills: Iterable[str]) -> set[str]:
    """Return which of the videos, by path, belong to a picture of a Live Photo that lies beside them."""
    videos = [path for path, kind in unread.items() if kind == VIDEO and suffix_of(path) in LIVE_VIDEOS]
    if not videos:
        return set()
    here = {_stem(path) for path in (*stills, *unread) if suffix_of(path) in LIVE_STILLS}
    return {path for path in videos if _stem(path) in here}


def why_needs_extra(kind: str) -> str | None:
    """Return what to do for a kind that more packages read; None for the others."""
    return None if kind in UNREAD_BY_SUFFIX.values() else f"{kind} is not read here: {INSTALL_EXTRA}"


def unread_lines(unread: Mapping[str, str]) -> list[str]:
    """Return what is not read, as one line for what more packages would read and one for the rest."""
    counts = Counter(unread.values())
    extra = {kind: count for kind, count in counts.items() if why_needs_extra(kind)}
    others = {kind: count for kind, count in counts.items() if kind not in extra}
    lines = [f"{_listed(extra)} not read: {INSTALL_EXTRA}"] if extra else []
    return lines + ([f"{_listed(others)} not read."] if others else [])


def format_counts(names: Iterable[str]) -> str:
    """Return how many files there are of each format, by their names: "3,000 JPEG, 412 HEIC"."""
    counts = Counter(map(format_of, names))
    return ", ".join(f"{count:,} {name}" for name, count in sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def _listed(counts: Mapping[str, int]) -> str:
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    named = [f"{count:,} {PLURALS.get(kind, kind) if count > 1 else kind}" for kind, count in ordered]
    verb = "is" if sum(counts.values()) == 1 else "are"
    return f"{', '.join(named[:-1])} and {named[-1]} {verb}" if len(named) > 1 else f"{named[0]} {verb}"


def _stem(path: str) -> tuple[str, str]:
    whole = PurePosixPath(path)
    return str(whole.parent), unicodedata.normalize("NFC", whole.stem).casefold()
