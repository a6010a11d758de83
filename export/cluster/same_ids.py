"""Pictures that share an id: by chance, as an id has 53 bits, or as shards hold a row twice.

Of 10 million pictures, two share one in one library of 180; of 500 million, some 14 do. A build leaves out the later of the
two and says so; shards that hold an id twice are not loaded, as an engine would keep one of the two.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from export.cluster.errors import ShardsUnusable
from export.cluster.shards import Address, ShardsManifest, read_shards
from export.index.folder.found import FoundImage, SkippedImage

Ids = NDArray[np.int64]


class IdsTaken:
    """Which picture has an id; the first that comes keeps it."""

    def __init__(self, before: Mapping[int, str]) -> None:
        """Begin with those that the shards hold: paths by id."""
        self._paths = dict(before)

    def why_taken(self, image_id: int, image: FoundImage, sha256: str) -> SkippedImage | None:
        """Return why a picture cannot have its id, None where it can, which keeps it from all others."""
        path = self._paths.setdefault(image_id, image.image_path)
        if path == image.image_path:
            return None
        reason = f"it has by chance the same id as {path}; give it another name"
        return SkippedImage(image.image_path, reason, sha256, image.bytes, image.mtime_ns)


def ids_of(shards: Address, manifest: ShardsManifest) -> Ids:
    """Return the ids of all pictures of shards, (n,) ascending, each once.

    Raises:
        ShardsUnusable: two rows have one id, or there are not as many as the manifest counts, or an id is negative.
    """
    parts = [np.asarray(batch["image_id"]) for batch in read_shards(shards, ["image_id"])]
    ids = np.sort(np.concatenate([np.empty(0, np.int64), *parts]))
    if twice := np.unique(ids[1:][ids[1:] == ids[:-1]]).tolist():
        first, second = _paths_of(shards, twice[0])[:2]
        reason = f"{len(twice):,} ids are in it twice, such as {twice[0]}, of {first} and {second}; build it anew"
        raise ShardsUnusable(str(shards), reason)
    if ids.size != manifest.count or (ids.size and ids[0] < 0):
        reason = f"it has {ids.size:,} ids from 0 on, where its manifest counts {manifest.count:,} pictures"
        raise ShardsUnusable(str(shards), reason)
    return ids


def _paths_of(shards: Address, image_id: int) -> list[str]:
    found = list[str]()
    for batch in read_shards(shards, ["image_id", "path"]):
        of_it = np.flatnonzero(np.asarray(batch["image_id"]) == image_id)
        found += batch["path"].take(of_it).to_pylist()
    return found
