"""What is left out on purpose: the copies that NAS, recycle bins and snapshots hold, hidden files, what a person excludes.

Decides by names alone. `scan.py` asks it of every entry, and honours `.nomedia` itself, which is a file.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from pathlib import Path

from export.errors import PatternUnusable

NOMEDIA = ".nomedia"
HIDDEN = "hidden"
# Names of folders, in small letters; in them lie copies, thumbnails and what was deleted.
COPIES = frozenset(
    {
        *("@eadir", "@tmp", "#recycle", "#snapshot"),  # Synology
        *("@recycle", "@recently-snapshot", "@snapshot", "@__thumb", "~snapshot"),  # QNAP, NetApp
        *("$recycle.bin", "recycler", "recycled", "system volume information", "found.000"),  # Windows
        *("lost+found", "network trash folder", "temporary items", "ipod photo cache", "__macosx"),
        *("trashbox", "recycle bin", "network recycle bin"),  # Buffalo, Netgear
        *("files_trashbin", "files_versions"),  # Nextcloud
        *(".thumbnails", ".thumbs", ".@__thumb", ".trash", ".trashes", ".trashbox", ".trashed", ".dtrash", ".recycle"),
        *(".snapshot", ".snapshots", ".zfs", ".stversions", ".stfolder", ".photoprism", ".appledouble", ".spotlight-v100"),
        *(".documentrevisions-v100", ".temporaryitems", ".fseventsd", ".git"),
    }
)
# The same with a number or an end of their own, and macOS's attributes of each file on a disk that cannot keep them.
COPY_STARTS = (".trash-", ".trashed-", "._")
MAC_LIBRARIES = (".photoslibrary", ".photolibrary", ".aplibrary", ".migratedphotolibrary", ".migratedaplibrary")
MAC_COPIES = frozenset({"resources", "scopes", "database", "previews", "thumbnails"})
WITHIN_A_NAME = ("[^/]*", "(?>[^/]*")
FOLDERS_MAX = 2  # each more ** multiplies the time by the length of a path
# Of any index that lies among the pictures; `runtime/library/previews` names them so.
PREVIEW = re.compile(r"(?:.*/)?previews/([0-9a-f]{2})/\1[0-9a-f]{62}\.[0-9]+\.jpg", re.DOTALL)
OF_AN_INDEX = "previews of an index"
NEXTCLOUD_COPIES = "appdata_oc"  # and the rest of its own name; below it, a preview of each picture
LIGHTROOM_COPIES = ".lrdata"  # "Catalog Smart Previews.lrdata" holds DNGs


class ExclusionRules:
    """The rules of one run."""

    def __init__(self, folder: Path, patterns: Sequence[str] = (), *, include_hidden: bool = False) -> None:
        """Take the rules.

        Args:
            folder: the folder of pictures, which patterns may begin with.
            patterns: what a person excludes, as in docs/formats.md.
            include_hidden: names that begin with a dot count, too.

        Raises:
            PatternUnusable: a pattern can match nothing.
        """
        self._include_hidden = include_hidden
        self._patterns = [(pattern, *_compiled(pattern, folder)) for pattern in patterns]
        self.unmatched = set(patterns)

    def why(self, path: str, *, is_folder: bool) -> str | None:
        """Return which rule leaves out this very entry, by its relative path; None where none does."""
        name = path.rpartition("/")[2].casefold()
        if name.startswith(".") and not self._include_hidden:
            return HIDDEN
        of_program = name.endswith(LIGHTROOM_COPIES) or name.startswith(NEXTCLOUD_COPIES)
        if (is_folder and (name in COPIES or of_program)) or _is_in_mac_library(path):
            return path.rpartition("/")[2]
        if not is_folder and PREVIEW.fullmatch(path):
            return OF_AN_INDEX
        if name.startswith(COPY_STARTS):
            return f"{next(start for start in COPY_STARTS if name.startswith(start))}*"
        folded = _folded(path) if self._patterns else ""
        for pattern, expression, folders_only in self._patterns:
            if (is_folder or not folders_only) and expression.fullmatch(folded):
                self.unmatched.discard(pattern)
                return f"--exclude {pattern}"
        return None

    def why_below(self, path: str) -> str | None:
        """Return which rule leaves out a file by its relative path, or a folder that it lies in."""
        return next((why for place, is_folder in _places(path) if (why := self.why(place, is_folder=is_folder))), None)


def _places(path: str) -> Iterator[tuple[str, bool]]:
    yield from ((folder, True) for folder in reversed(folders_of(path)))
    yield path, False


def folders_of(path: str) -> list[str]:
    """Return the folders that a relative path lies in, the innermost first: "a/b" and "a" of "a/b/c.jpg"."""
    folders = []
    while path := path.rpartition("/")[0]:
        folders.append(path)
    return folders


def _is_in_mac_library(path: str) -> bool:
    """Return whether a folder holds what macOS's Photos, iPhoto or Aperture makes of its originals."""
    folder, _, name = path.casefold().rpartition("/")
    return folder.endswith(MAC_LIBRARIES) and name in MAC_COPIES


def _folded(text: str) -> str:
    return unicodedata.normalize("NFC", text).casefold()


def _compiled(pattern: str, folder: Path) -> tuple[re.Pattern[str], bool]:
    """Return a pattern as an expression for relative paths, and whether it is for folders alone."""
    here = f"{folder.resolve().as_posix()}/"
    spelled = pattern.removeprefix("./") if pattern != "." else pattern
    if spelled.startswith(here):
        spelled = f"/{spelled.removeprefix(here)}"
    if spelled.startswith("!"):
        raise PatternUnusable(pattern, "patterns that take something back in are not known")
    if not spelled.strip("/") or spelled in {".", ".."} or "\\" in spelled or "/../" in f"/{spelled}/":
        raise PatternUnusable(pattern, "it is no name or path below the folder of pictures, written with /")
    body = spelled.rstrip("/")
    if len(re.findall(r"\*\*", body)) > FOLDERS_MAX:
        raise PatternUnusable(pattern, f"it has ** more than {FOLDERS_MAX} times")
    start = "" if "/" in body else "(?:.*/)?"
    try:
        return re.compile(start + _expression(_folded(body.lstrip("/"))), re.DOTALL), spelled.endswith("/")
    except re.error as cause:
        raise PatternUnusable(pattern, "what stands in its [ ] is no list of letters, such as [abc] or [a-z]") from cause


def _expression(glob: str) -> str:
    """Return a pattern as a regular expression: `**` for folders, `*`, `?` and `[abc]` within one name.

    What lies between two `*` is looked for once, at the first place that it has, as Python's matching of file names does:
    the second star takes the rest of the name. Tried at every place, "*a*a*a*a" would take years for some names.
    """
    pieces = [piece for piece in re.split(r"(\*{2,}/|\*{2,}|\*|\?|\[!?[^/\]]+\])", glob) if piece]
    parts, fixed = list[str](), ""
    for piece in reversed(pieces):
        if piece == "*":
            parts.append(f"(?>[^/]*?{fixed})" if parts and parts[-1].startswith(WITHIN_A_NAME) else f"[^/]*{fixed}")
            fixed = ""
        elif piece.startswith("**"):
            parts.append(("(?:.*/)?" if piece.endswith("/") else ".*") + fixed)
            fixed = ""
        else:
            fixed = _one(piece) + fixed
    return fixed + "".join(reversed(parts))


def _one(piece: str) -> str:
    """Return the expression of letters, of `?` or of `[abc]`."""
    if piece == "?":
        return "[^/]"
    if len(piece) > 2 and piece[0] == "[" and piece[-1] == "]":
        found = re.findall(r"(.)-(.)|(.)", piece[1:-1].removeprefix("!"), re.DOTALL)  # ranges and letters
        listed = "".join(re.escape(one) or f"{re.escape(first)}-{re.escape(last)}" for first, last, one in found)
        return f"[{'^' if piece[1] == '!' else ''}{listed}]"
    return re.escape(piece)
