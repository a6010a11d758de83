"""The control groups that this process is in, version 2 or 1: the kernel's files of what it may use.

Owns where those files are. What their limits mean is `cpu_cores.py`'s and `usable_memory.py`'s.
"""

from collections.abc import Iterator
from pathlib import Path

CGROUPS, OWN_CGROUPS = Path("/sys/fs/cgroup"), Path("/proc/self/cgroup")


def group_folders(controller: str, cgroups: Path = CGROUPS, own: Path = OWN_CGROUPS) -> Iterator[Path]:
    """Yield the folders of this process's control groups for one controller, and of those above them.

    Args:
        controller: such as "cpu".
        cgroups: where control groups are mounted.
        own: which of them the process is in, in lines like "0::/system.slice/x.service" or "3:cpu,cpuacct:/docker/1f".
    """
    for line in read_limit(own).splitlines():
        _, controllers, path = line.split(":", 2)
        if controllers and controller not in controllers.split(","):
            continue
        # In a container, the path may be the host's, of which only the last group is mounted, as the root.
        group = Path(path.lstrip("/"))
        for mounted in (cgroups, *(cgroups / name for name in {controllers, controller} if controllers)):
            yield from (mounted / group, *(mounted / parent for parent in group.parents))


def read_limit(file: Path) -> str:
    """Return what a file of the kernel says; "" where there is none."""
    try:
        return file.read_text("utf-8")
    except (OSError, ValueError):  # another system, or not for this user
        return ""
