"""A process that decodes: what breaks a decoder, or takes too much, ends that process and no more.

It starts with the first picture and ends when none has come for a while. Two pipes lead to it: a header in JSON and the file
go in, a header and the decoded bytes come out. Nothing that it sends is run or unpickled. `worker_loop.py` is its other end.
"""

import json
import logging
import os
import struct
import subprocess
import sys
import threading
from collections.abc import Mapping
from typing import IO, Any

from runtime.errors import ImageError, ImageTooLarge, ImageUnreadable, LookwhyError, PicturesUnsupported

log = logging.getLogger(__name__)

PICTURE_MAX_S = 30.0  # the largest that are allowed take one or two
LENGTHS = struct.Struct("<IQ")  # of the header and of what follows it
ERRORS: dict[str, type[LookwhyError]] = {
    kind.__name__: kind for kind in (ImageTooLarge, ImageUnreadable, PicturesUnsupported)
}
ENVIRONMENT = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "1"}


class NotStarted(Exception):
    """The system starts no process."""


class WorkerEnded(Exception):
    """The process ended over a picture. `late` is whether it was ended, as the picture took too long."""

    def __init__(self, *, late: bool) -> None:
        self.late = late
        super().__init__()


class WorkerProcess:
    """One other process, which decodes one picture at a time. Any thread may ask."""

    def __init__(self, module: str, max_memory_bytes: int, *, picture_max_s: float = PICTURE_MAX_S) -> None:
        """Start nothing yet.

        Args:
            module: what it runs, which calls `worker_loop.serve`.
            max_memory_bytes: how much memory it may take for a picture.
            picture_max_s: a picture that takes longer is given up.
        """
        self._module, self._max_memory_bytes, self._picture_max_s = module, max_memory_bytes, picture_max_s
        self._process: subprocess.Popen[bytes] | None = None
        self._turn = threading.Lock()

    @property
    def pid(self) -> int | None:
        """The process's id, where it runs."""
        return self._process.pid if self._process and self._process.poll() is None else None

    def ask(self, header: Mapping[str, Any], content: bytes) -> tuple[dict[str, Any], bytes]:
        """Return what the process answers to a picture.

        Raises:
            NotStarted: there is no process to ask.
            WorkerEnded: it ended over it; the next picture starts another.
            ImageUnreadable, ImageTooLarge, PicturesUnsupported: what it answered.
        """
        encoded = json.dumps(header).encode()
        with self._turn:
            found = self._ask(encoded, content) or self._ask(encoded, content)
        if found is None:
            raise WorkerEnded(late=False)
        if found[0].get("error") in ERRORS:
            raise _raised(found[0])
        return found

    def close(self) -> None:
        """End the process, also in the middle of a picture."""
        if self._process is not None:
            self._process.kill()
        with self._turn:
            self._end()

    def _ask(self, header: bytes, content: bytes) -> tuple[dict[str, Any], bytes] | None:
        """Return what the process answers; None where it had ended before."""
        process = self._running()
        assert process.stdin
        assert process.stdout
        late = threading.Event()

        def give_up() -> None:
            late.set()
            process.kill()

        deadline = threading.Timer(self._picture_max_s, give_up)
        deadline.daemon = True
        deadline.start()
        try:
            process.stdin.write(LENGTHS.pack(len(header), len(content)) + header)
            process.stdin.write(content)
            process.stdin.flush()
            sizes = LENGTHS.unpack(_read(process.stdout, LENGTHS.size))
            return json.loads(_read(process.stdout, sizes[0])), _read(process.stdout, sizes[1])
        except (OSError, EOFError, ValueError) as cause:
            status = self._end()
            if status == 0:  # it had been idle for too long
                return None
            log.warning("the process that decodes pictures ended (status %s); the next picture starts another", status)
            raise WorkerEnded(late=late.is_set()) from cause
        finally:
            deadline.cancel()

    def _running(self) -> "subprocess.Popen[bytes]":
        if self._process is None or self._process.poll() is not None:
            self._end()
            # where this process's modules lie, and nowhere else: not the folder that it was started in
            paths = os.pathsep.join(path for path in sys.path if path)
            try:
                self._process = subprocess.Popen(
                    [sys.executable, "-P", "-m", self._module, str(self._max_memory_bytes)],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    env={**os.environ, **ENVIRONMENT, "PYTHONPATH": paths},
                    process_group=0,  # Ctrl-C is this process's alone, which then ends that one
                )
            except OSError as cause:
                raise NotStarted(cause.strerror) from cause
            threading.Thread(target=self._process.wait, daemon=True).start()  # so that no zombie is left of an idle one
        return self._process

    def _end(self) -> int | None:
        """End what is left of the process, and return its status."""
        process, self._process = self._process, None
        if process is None:
            return None
        for pipe in (process.stdin, process.stdout):
            try:
                if pipe:
                    pipe.close()
            except OSError:  # what was still to be written
                pass
        try:
            return process.wait(0.2)  # it ends by itself when its input does, unless it hangs
        except subprocess.TimeoutExpired:
            process.kill()
            return process.wait()


def _read(pipe: IO[bytes], size: int) -> bytes:
    content = pipe.read(size)
    if len(content) < size:
        raise EOFError
    return content


def _raised(answer: dict[str, Any]) -> LookwhyError:
    kind = ERRORS[answer["error"]]
    return kind(*answer["arguments"]) if issubclass(kind, ImageError) else kind()
