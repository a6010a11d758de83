"""Builds in processes of their own, forked from this one."""

import os
from collections.abc import Callable

from export.errors import ExportError

REFUSED = 3  # a child's exit code where the build refused to go on


def in_child(work: Callable[[], object]) -> int:
    """Start `work` in a process of its own; returns its id."""
    child = os.fork()
    if child == 0:
        try:
            work()
        except ExportError:
            os._exit(REFUSED)
        except BaseException as error:
            print(f"child failed: {error!r}", flush=True)
            os._exit(1)
        os._exit(0)
    return child


def ended(child: int) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
