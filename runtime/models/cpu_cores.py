"""On how many cores this process may run: those it is bound to, and no more than its control group's share of CPU time.

`os.cpu_count()` names those of the machine, also in a container that may use a tenth of them: as many threads would only
wait for one another. Owns the kernel's files of that limit.
"""

import math
import os
from collections.abc import Iterator
from pathlib import Path

CGROUPS, OWN_CGROUPS = Path("/sys/fs/cgroup"), Path("/proc/self/cgroup")


def usable_cores() -> int:
    """Return on how many cores this process may run, at least 1; a share of 1.5 cores counts as 2."""
    bound_to = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min([bound_to, *(math.ceil(share) for share in cpu_shares())]))


def cpu_shares(cgroups: Path = CGROUPS, own: Path = OWN_CGROUPS) -> Iterator[float]:
    """Yield the limits on CPU time, in cores, of this process's control groups, version 2 or 1, and of those above them.

    Args:
        cgroups: where they are mounted.
        own: which of them the process is in, in lines like "0::/system.slice/x.service" or "3:cpu,cpuacct:/docker/1f".
    """
    for line in _read(own).splitlines():
        _, controllers, path = line.split(":", 2)
        if controllers and "cpu" not in controllers.split(","):
            continue
        # In a container, the path may be the host's, of which only the last group is mounted, as the root.
        group = Path(path.lstrip("/"))
        for mounted in (cgroups, *(cgroups / name for name in {controllers, "cpu"} if controllers)):
            for folder in (mounted / group, *(mounted / parent for parent in group.parents)):
                yield from _share(_read(folder / "cpu.max").split())
                yield from _share([_read(folder / f"cpu.cfs_{name}_us").strip() for name in ("quota", "period")])


def _share(limit: list[str]) -> Iterator[float]:
    """Yield quota / period where there is a limit: "max" and -1 mean none."""
    if len(limit) == 2 and limit[0].isdecimal() and limit[1].isdecimal() and int(limit[1]):
        yield int(limit[0]) / int(limit[1])


def _read(file: Path) -> str:
    try:
        return file.read_text("utf-8")
    except (OSError, ValueError):  # another system, or not for this user
        return ""
