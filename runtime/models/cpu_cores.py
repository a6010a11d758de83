"""On how many cores this process may run: those it is bound to, and no more than its control group's share of CPU time.

`os.cpu_count()` names those of the machine, also in a container that may use a tenth of them: as many threads would only
wait for one another.
"""

import math
import os
from collections.abc import Iterator
from pathlib import Path

from runtime.models.control_groups import CGROUPS, OWN_CGROUPS, group_folders, read_limit


def usable_cores() -> int:
    """Return on how many cores this process may run, at least 1; a share of 1.5 cores counts as 2."""
    bound_to = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min([bound_to, *(math.ceil(share) for share in cpu_shares())]))


def cpu_shares(cgroups: Path = CGROUPS, own: Path = OWN_CGROUPS) -> Iterator[float]:
    """Yield the limits on CPU time, in cores, of this process's control groups; arguments as `group_folders` takes them."""
    for folder in group_folders("cpu", cgroups, own):
        yield from _share(read_limit(folder / "cpu.max").split())
        yield from _share([read_limit(folder / f"cpu.cfs_{name}_us").strip() for name in ("quota", "period")])


def _share(limit: list[str]) -> Iterator[float]:
    """Yield quota / period where there is a limit: "max" and -1 mean none."""
    if len(limit) == 2 and limit[0].isdecimal() and limit[1].isdecimal() and int(limit[1]):
        yield int(limit[0]) / int(limit[1])
