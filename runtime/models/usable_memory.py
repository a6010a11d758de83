"""How much memory this process may use, and what part of it a mapped index may keep.

That is the machine's, and no more than its control group allows: a container that keeps more is ended for it.
"""

import os
from collections.abc import Iterator
from pathlib import Path

from runtime.models.control_groups import CGROUPS, OWN_CGROUPS, group_folders, read_limit

INDEX_SHARE = 4  # the index may keep a quarter: models and decoding need the rest
UNKNOWN_BYTES = 1 << 30  # where neither machine nor group says
LIMIT_FILES = ("memory.max", "memory.limit_in_bytes")  # of versions 2 and 1


def index_memory_bytes(memory_mb: int | None) -> int:
    """Return how much of its mapped files an index may keep in memory: INDEX_MEMORY_MB, or a quarter of what may be used."""
    return (memory_mb << 20) if memory_mb is not None else usable_memory_bytes() // INDEX_SHARE


def usable_memory_bytes() -> int:
    """Return how much memory this process may use."""
    return min([_machine_bytes(), *memory_limits()])


def memory_limits(cgroups: Path = CGROUPS, own: Path = OWN_CGROUPS) -> Iterator[int]:
    """Yield the limits of this process's control groups, in bytes; arguments as `group_folders` takes them."""
    for folder in group_folders("memory", cgroups, own):
        for name in LIMIT_FILES:
            limit = read_limit(folder / name).strip()
            if limit.isdecimal():  # "max" is none
                yield int(limit)


def _machine_bytes() -> int:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, OSError, ValueError):  # another system
        return UNKNOWN_BYTES
