"""PictureKeys: which pictures a release shows, so that a publisher knows which of those on S3 are still wanted.

It is a file of the release (gzip of JSON). No function reads it.
"""

import gzip
import json
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Self

from export.publish.release_state import ReleaseState
from export.publish.s3 import S3Folder

# What no release names is removed once it is this old, and is sent again instead of relied on once it is half as old: so one
# publisher may send pictures for hours while another removes old ones.
UNNAMED_KEPT_S = 86_400.0


@dataclass(frozen=True)
class PictureKeys:
    """The names of previews, and the keys of originals, below their addresses."""

    previews: frozenset[str] = field(default_factory=frozenset)
    originals: frozenset[str] = field(default_factory=frozenset)

    def to_bytes(self) -> bytes:
        """Return the file; of the same keys, it is the same to the byte."""
        named = {"previews": sorted(self.previews), "originals": sorted(self.originals)}
        return gzip.compress(json.dumps(named).encode(), mtime=0)

    @classmethod
    def from_bytes(cls, content: bytes) -> Self:
        """Return the keys that a file has."""
        named = json.loads(gzip.decompress(content))
        return cls(frozenset(named["previews"]), frozenset(named["originals"]))


def kept_pictures(state: ReleaseState, there: S3Folder) -> PictureKeys:
    """Return the keys of all pictures of the releases that are kept; `there` is the index's address.

    Raises:
        RemoteRefused: S3 did not give a list.
    """
    lists = {release.pictures.sha256: release.key(release.pictures) for release in state.kept}
    read = [PictureKeys.from_bytes(there.read(key)) for key in lists.values()]
    previews = frozenset(name for keys in read for name in keys.previews)
    return PictureKeys(previews, frozenset(key for keys in read for key in keys.originals))


def lying_there(there: S3Folder, named: frozenset[str]) -> dict[str, int]:
    """Return the length of each picture there that can be relied on: one that a release names, or that was sent lately."""
    since = time.time() - UNNAMED_KEPT_S / 2
    return {path: size for path, (size, written) in there.paths().items() if path in named or written > since}


def unnamed(present: Mapping[str, tuple[int, float]], named: Iterable[str], *, kept_s: float) -> list[str]:
    """Return the paths that no release names, and that are old enough to go."""
    wanted, until = frozenset(named), time.time() - kept_s
    return [path for path, (_size, written) in present.items() if path not in wanted and written <= until]
