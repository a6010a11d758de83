"""The process that decodes uploads: reads pictures from its input, writes pixels to its output, within a limit of memory.

`decode_process.py` starts it and has the form of what goes through the pipes. It ends with its input, or when idle.
"""

import json
import os
import select
import signal
import sys
from contextlib import suppress
from io import RawIOBase
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from runtime.errors import ImageTooLarge, ImageUnreadable, PicturesUnsupported
from runtime.images.decode_process import LENGTHS
from runtime.images.limits import MB, PictureLimits
from runtime.images.memory import decode_memory
from runtime.images.uploads import LocalReader

IDLE_S = 30.0
SLACK_BYTES = 64 * MB  # of the limit, above what pictures are estimated to take: threads' stacks, the answer


def main() -> None:
    """Answer until the input ends, or nothing comes for a while."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    taken, given = os.fdopen(os.dup(0), "rb", buffering=0), os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints is no answer
    max_memory_bytes = int(sys.argv[1])
    decode_memory.max_bytes = max_memory_bytes
    with suppress(ImportError):
        from PIL import AvifImagePlugin, ImageCms, WebPImagePlugin  # noqa: F401 (their libraries, before the limit)
    _limit_memory(max_memory_bytes + SLACK_BYTES)
    while select.select([taken], [], [], IDLE_S)[0]:
        lengths = _read(taken, LENGTHS.size)
        if len(lengths) < LENGTHS.size:
            return
        header_size, content_size = LENGTHS.unpack(lengths)
        header = json.loads(_read(taken, header_size))
        answer, pixels = _answer(header, _read(taken, content_size))
        encoded = json.dumps(answer).encode()
        given.write(LENGTHS.pack(len(encoded), len(pixels)) + encoded + pixels)
        given.flush()


def _answer(header: dict[str, Any], content: bytes) -> tuple[dict[str, Any], bytes]:
    """Return the header of an answer, and the pixels."""
    reader = LocalReader(PictureLimits(**header["limits"]))
    form = cast(Any, SimpleNamespace(**header["preprocessing"]))
    try:
        pixels = reader.read(content, header["name"], form, header["rule"])
    except ImageTooLarge as error:
        return _refusal(error, error.name, error.given, error.allowed, error.unit), b""
    except ImageUnreadable as error:
        return _refusal(error, error.name, error.reason), b""
    except PicturesUnsupported as error:
        return _refusal(error), b""
    return {"shape": list(pixels.shape)}, pixels.tobytes()


def _refusal(error: Exception, *arguments: str | int) -> dict[str, Any]:
    return {"error": type(error).__name__, "arguments": arguments}


def _read(pipe: RawIOBase, size: int) -> bytes:
    """Return so many bytes of an unbuffered pipe, or fewer where it ends."""
    parts, left = [], size
    while left and (part := pipe.read(min(left, MB))):
        parts.append(part)
        left -= len(part)
    return b"".join(parts)


def _limit_memory(more_bytes: int) -> None:
    """Let this process take so much more than now, where the system has such a limit; and be the first to go."""
    try:
        import resource

        status = Path("/proc/self/status").read_text("utf-8")
        now_bytes = int(status.split("VmData:")[1].split()[0]) * 1024
        resource.setrlimit(resource.RLIMIT_DATA, (now_bytes + more_bytes, now_bytes + more_bytes))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        Path("/proc/self/oom_score_adj").write_text("1000", "utf-8")
    except (ImportError, OSError, ValueError, IndexError):
        pass


if __name__ == "__main__":
    main()
