"""What a process says when a file that it has mapped is cut short, or its disk fails: one line, and an exit code.

The system sends SIGBUS then, whose default is to end the process without a word. There is no going on: the bytes that
faiss, numpy or onnxruntime were just reading are not there.
"""

import ctypes
import logging
import os
import signal
from collections.abc import Callable, Sequence
from pathlib import Path

log = logging.getLogger(__name__)

ENDED_BY_BUS_ERROR = 128 + 7  # the exit code that shells give to a process ended by this signal on Linux
_kept: list[object] = []  # the handlers that the system may call; Python must not free them


def end_on_bus_error(changed_files: Callable[[], Sequence[Path]]) -> None:
    """From now on, a bus error is logged, with the files that `changed_files` names, and ends the process.

    Python's own handlers run between two of its instructions, but the one that failed is never over: it would fail again and
    again. So the system calls this one, in the thread that failed.
    """
    bus_error = getattr(signal, "SIGBUS", None)
    if bus_error is None:  # Windows
        return

    def end(_number: int) -> None:
        try:
            names = ", ".join(map(str, changed_files())) or "A mapped file"
            log.critical(
                "%s was cut short or cannot be read any more while it was in use. Build it again, then start.", names
            )
            logging.shutdown()
        finally:
            os._exit(ENDED_BY_BUS_ERROR)

    handler = ctypes.CFUNCTYPE(None, ctypes.c_int)(end)
    _kept.append(handler)
    ctypes.CDLL(None).signal(bus_error, handler)
