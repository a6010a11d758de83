"""The id of every picture: the pictures in the folder are matched with the last generation's, by content and by path.

Pure decisions on names, hashes and ids; reads no file and runs no model.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from export.index.catalog import IndexedImage


@dataclass(frozen=True)
class IdAssignment:
    """Every readable picture's id by path, and how it came by it: five disjoint groups of paths, and the next free id."""

    ids: Mapping[str, int]
    unchanged: frozenset[str]
    renamed: frozenset[str]
    changed: frozenset[str]
    added: frozenset[str]
    removed: frozenset[str]
    next_id: int


def assign_ids(old: Sequence[IndexedImage], sha256_by_path: Mapping[str, str], next_id: int) -> IdAssignment:
    """Return the id of each picture.

    In this order, each old row being given away once: same path and content (unchanged); same content at a new path
    (renamed), so that a picture keeps its id through a renumbering of the whole folder; same path with new content
    (changed); a new id (added). Rows left over are removed. Paths are gone through sorted, which makes the outcome a
    function of the two states alone.

    Args:
        old: the rows of the last generation.
        sha256_by_path: the content of every picture that can be decoded.
        next_id: the first id not given yet.
    """
    left = {row.image_path: row for row in old}
    ids: dict[str, int] = {}
    for path, sha256 in sorted(sha256_by_path.items()):
        if path in left and left[path].sha256 == sha256:
            ids[path] = left.pop(path).id
    unchanged = frozenset(ids)
    renamed = _match_renamed(left, sha256_by_path, ids)
    changed = frozenset(path for path in sha256_by_path if path not in ids and path in left)
    ids |= {path: left.pop(path).id for path in changed}
    added = sorted(sha256_by_path.keys() - ids.keys())
    ids |= {path: next_id + position for position, path in enumerate(added)}
    return IdAssignment(ids, unchanged, renamed, changed, frozenset(added), frozenset(left), next_id + len(added))


def _match_renamed(left: dict[str, IndexedImage], sha256_by_path: Mapping[str, str], ids: dict[str, int]) -> frozenset[str]:
    """Move rows from `left` to `ids` wherever their content turned up at a path that has no id yet."""
    old_paths: dict[str, list[str]] = defaultdict(list)
    for old_path in sorted(left, reverse=True):  # popped from the end, so the first path goes first
        old_paths[left[old_path].sha256].append(old_path)
    renamed = set()
    for path, sha256 in sorted(sha256_by_path.items()):
        if path not in ids and old_paths[sha256]:
            ids[path] = left.pop(old_paths[sha256].pop()).id
            renamed.add(path)
    return frozenset(renamed)
