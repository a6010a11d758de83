"""What a process that decodes does: reads pictures from its input, writes its answers to its output, within limits.

`worker_process.py` starts it and has the form of what goes through the pipes. It ends with its input, or when idle.
"""

import json
import os
import select
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from io import RawIOBase
from pathlib import Path
from typing import Any

from runtime.errors import ImageTooLarge, ImageUnreadable, PicturesUnsupported
from runtime.images import reasons
from runtime.images.limits import MB
from runtime.images.memory import decode_memory
from runtime.images.worker_process import LENGTHS

IDLE_S = 30.0
SLACK_BYTES = 64 * MB  # of the limit, above what pictures are estimated to take: threads' stacks, the answer
Answer = tuple[dict[str, Any], bytes]


def serve(answer_to: Callable[[dict[str, Any], bytes], Answer]) -> None:
    """Answer until the input ends, or nothing comes for a while. What the process takes from now on is limited."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    taken, given = os.fdopen(os.dup(0), "rb", buffering=0), os.fdopen(os.dup(1), "wb")
    sys.stderr = os.fdopen(os.dup(2), "w")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (1, 2):  # what a library prints is no answer, and no line of the log
        os.dup2(nowhere, stream)
    max_memory_bytes = int(sys.argv[1])
    decode_memory.max_bytes = max_memory_bytes
    _limit(max_memory_bytes + SLACK_BYTES)
    while select.select([taken], [], [], IDLE_S)[0]:
        lengths = _read(taken, LENGTHS.size)
        if len(lengths) < LENGTHS.size:
            return
        header_size, content_size = LENGTHS.unpack(lengths)
        header = json.loads(_read(taken, header_size))
        answer, body = _answer(answer_to, header, _read(taken, content_size))
        encoded = json.dumps(answer).encode()
        given.write(LENGTHS.pack(len(encoded), len(body)) + encoded)
        given.write(body)
        given.flush()


def _answer(answer_to: Callable[[dict[str, Any], bytes], Answer], header: dict[str, Any], content: bytes) -> Answer:
    try:
        return answer_to(header, content)
    except ImageTooLarge as error:
        return _refusal(error, error.name, error.given, error.allowed, error.unit), b""
    except ImageUnreadable as error:
        return _refusal(error, error.name, error.reason), b""
    except PicturesUnsupported as error:
        return _refusal(error), b""
    except MemoryError:
        return {"error": ImageUnreadable.__name__, "arguments": (header["name"], reasons.OUT_OF_MEMORY)}, b""


def _refusal(error: Exception, *arguments: str | int) -> dict[str, Any]:
    return {"error": type(error).__name__, "arguments": arguments}


def _read(pipe: RawIOBase, size: int) -> bytes:
    """Return so many bytes of an unbuffered pipe, or fewer where it ends."""
    parts, left = [], size
    while left and (part := pipe.read(min(left, MB))):
        parts.append(part)
        left -= len(part)
    return b"".join(parts)


def _limit(more_bytes: int) -> None:
    """Let this process take so much more memory than now, and write no file, where the system has such limits.

    It is also the first to go where memory runs out.
    """
    try:
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
        status = Path("/proc/self/status").read_text("utf-8")
        now_bytes = int(status.split("VmData:")[1].split()[0]) * 1024
        resource.setrlimit(resource.RLIMIT_DATA, (now_bytes + more_bytes, now_bytes + more_bytes))
    except (ImportError, OSError, ValueError, IndexError):
        pass
    with suppress(OSError):  # a file of the kernel's, which the limit of files does not hold for
        Path("/proc/self/oom_score_adj").write_text("1000", "utf-8")
