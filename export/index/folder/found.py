"""What one look at a folder found: pictures, what is skipped, what is not read, and what is left out on purpose."""

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from export.index.folder.excluded_files import ExclusionRules, folders_of
from export.index.folder.unread_formats import read_formats, unread_lines

MOUNT_IT = "If a drive belongs there, mount it; an index of it is as it was"


@dataclass(frozen=True, slots=True)
class FoundImage:
    """A file whose name says that it is a picture. `image_path` is relative to the folder, with forward slashes."""

    image_path: str
    bytes: int
    mtime_ns: int


@dataclass(frozen=True, slots=True)
class SkippedImage:
    r"""A picture that is not in the library, and why.

    `name` is its relative path, bytes that are no UTF-8 written as `\xNN`. `sha256` is None where the file could not even
    be read, or became another one meanwhile: such a file is tried again at every run, any other only once it has changed.
    """

    name: str
    reason: str
    sha256: str | None = None
    bytes: int = 0
    mtime_ns: int = 0


@dataclass
class Scan:
    """One look at a folder: its pictures by path, what cannot be indexed, and how many other files there are.

    `unlisted` says by relative path of what could not be looked at why, be it a folder or a file: what lies there is not
    known. `empty` are the folders that hold nothing at all, not even a hidden file, as a mount point does when nothing is
    mounted. `dangling` says where links that lead nowhere would lead, inside the folder. `unread` says of which kind files
    are that are not read here, but for the videos of Live Photos. `left_out` says by relative path of folders and files
    which rule leaves them out; what is merely hidden is not among them. `beside` are the files, no links, whose
    suffix says that they may tell something of a picture; they count among the other files, of whose rest `others_named`
    has the first two.
    """

    folder: Path
    began_ns: int
    rules: ExclusionRules
    images: list[FoundImage] = field(default_factory=list)
    skipped: list[SkippedImage] = field(default_factory=list)
    other_files: int = 0
    unlisted: dict[str, str] = field(default_factory=dict)
    empty: set[str] = field(default_factory=set)
    dangling: dict[str, str] = field(default_factory=dict)
    unread: dict[str, str] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)
    others_named: list[str] = field(default_factory=list)
    beside: list[FoundImage] = field(default_factory=list)

    @property
    def other_file(self) -> str | None:
        """The one file that is neither a picture nor a sidecar; None where there are more, or none."""
        return self.others_named[0] if len(self.others_named) == 1 else None

    def why_left_out(self, path: str) -> str | None:
        """Return which rule leaves out the file of a relative path, be it there or not; None where none does."""
        places = (path, *folders_of(path))
        return next((self.left_out[place] for place in places if place in self.left_out), None) or self.rules.why_below(path)


def why_no_picture(scan: Scan, *, may_be_a_drive: bool) -> str:
    """Return why a folder that holds no picture cannot be indexed; of a drive it speaks only where there may be one."""
    files = scan.other_files + len(scan.unread)
    if not (files or scan.left_out):
        return f"it holds no file. {MOUNT_IT}" if may_be_a_drive else "it holds no file"
    which = "its one file is no" if files == 1 else f"none of its {files:,} files is a" if files else "it holds no"
    reasons = [f"{which} picture that is read here ({read_formats()})"]
    reasons += [line.removesuffix(".") for line in not_read_lines(scan)]
    return ". ".join(reasons)


def not_read_lines(scan: Scan) -> list[str]:
    """Return what is not read here, and what is left out on purpose."""
    return [*unread_lines(scan.unread), *left_out_lines(scan)]


def left_out_lines(scan: Scan) -> list[str]:
    """Return what is left out on purpose, by rule, as at most one line; and patterns that match nothing."""
    counts = Counter(scan.left_out.values())
    named = [f"{rule} ({count:,})" if count > 1 else rule for rule, count in sorted(counts.items())]
    lines = [f"Left out: {', '.join(named)}."] if named else []
    return lines + [f"--exclude {pattern} matches nothing." for pattern in sorted(scan.rules.unmatched)]
