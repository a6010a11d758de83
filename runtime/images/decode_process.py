"""Uploads decoded by a process of their own: a picture that breaks the decoder, or takes too much, ends that and no more.

The process starts with the first upload and ends when none has come for a while. It is `decode_worker.py`, over two pipes:
a header in JSON and the file go in, a header and the pixels come out. Nothing that it sends is run or unpickled.
"""

import json
import logging
import os
import struct
import subprocess
import sys
import threading
from dataclasses import asdict
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from runtime.artefacts.decode_rule import DecodeRule
from runtime.errors import ImageError, ImageTooLarge, ImageUnreadable, LookwhyError, PicturesUnsupported
from runtime.images.limits import PictureLimits
from runtime.images.memory import give_back
from runtime.images.uploads import LocalReader, Pixels

if TYPE_CHECKING:
    from runtime.artefacts.manifest import Preprocessing

log = logging.getLogger(__name__)

PICTURE_MAX_S = 30.0  # the largest that are allowed take one or two
GIVEN_BACK_CONTENT_BYTES = 1_000_000
LENGTHS = struct.Struct("<IQ")  # of the header and of what follows it
ERRORS: dict[str, type[LookwhyError]] = {
    kind.__name__: kind for kind in (ImageTooLarge, ImageUnreadable, PicturesUnsupported)
}
ENVIRONMENT = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "1"}


class _NotStarted(Exception):
    """The system starts no process."""


class DecodeProcess:
    """An `UploadReader` that decodes in one other process, one picture at a time."""

    def __init__(self, limits: PictureLimits, *, picture_max_s: float = PICTURE_MAX_S) -> None:
        """Start nothing yet. A picture that takes longer than `picture_max_s` is given up."""
        self._limits, self._picture_max_s = limits, picture_max_s
        self._process: subprocess.Popen[bytes] | None = None
        self._turn = threading.Lock()

    @property
    def pid(self) -> int | None:
        """The process's id, where it runs."""
        return self._process.pid if self._process and self._process.poll() is None else None

    def read(self, content: bytes, name: str, preprocessing: "Preprocessing", rule: DecodeRule = "exact") -> Pixels:
        """Return a graph's pixels of a picture, (3, s, s), decoded by a rule.

        Raises:
            ImageUnreadable: it cannot be decoded, or the process ended over it.
            ImageTooLarge, PicturesUnsupported: as `decode_image`.
        """
        if len(content) > self._limits.max_bytes:
            raise ImageTooLarge(name, len(content), self._limits.max_bytes, "bytes")
        form = preprocessing.model_dump()
        asked = {"name": name, "preprocessing": form, "limits": asdict(self._limits), "rule": rule}
        header = json.dumps(asked).encode()
        try:
            with self._turn:
                answer, pixels = self._ask(header, content) or self._ask(header, content) or ({}, b"")
        except _NotStarted as cause:
            log.warning("no process can be started to decode an upload (%s); it is decoded in the server", cause)
            return LocalReader(self._limits).read(content, name, preprocessing, rule)
        if len(content) > GIVEN_BACK_CONTENT_BYTES:
            give_back()  # what the web server held of the bodies before this one
        if answer.get("error") in ERRORS:
            raise _raised(answer)
        side = preprocessing.size
        if answer.get("shape") != [3, side, side] or len(pixels) != 12 * side * side:
            raise ImageUnreadable(name, "decoding it took more memory or time than is allowed, or broke the decoder")
        return np.frombuffer(pixels, np.float32).reshape(3, side, side)

    def close(self) -> None:
        """End the process, also in the middle of a picture."""
        if self._process is not None:
            self._process.kill()
        with self._turn:
            self._end()

    def _ask(self, header: bytes, content: bytes) -> tuple[dict[str, Any], bytes] | None:
        """Return what the process answers; an empty answer where it ended over it; None where it had ended before."""
        process = self._running()
        assert process.stdin
        assert process.stdout
        deadline = threading.Timer(self._picture_max_s, process.kill)
        deadline.daemon = True
        deadline.start()
        try:
            process.stdin.write(LENGTHS.pack(len(header), len(content)) + header)
            process.stdin.write(content)
            process.stdin.flush()
            sizes = LENGTHS.unpack(_read(process.stdout, LENGTHS.size))
            return json.loads(_read(process.stdout, sizes[0])), _read(process.stdout, sizes[1])
        except (OSError, EOFError, ValueError):
            status = self._end()
            if status == 0:  # it had been idle for too long
                return None
            log.warning("the process that decodes uploads ended (status %s); the next upload starts another", status)
            return {}, b""
        finally:
            deadline.cancel()

    def _running(self) -> "subprocess.Popen[bytes]":
        if self._process is None or self._process.poll() is not None:
            self._end()
            # where this process's modules lie, and nowhere else: not the folder that it was started in
            paths = os.pathsep.join(path for path in sys.path if path)
            try:
                self._process = subprocess.Popen(
                    [sys.executable, "-P", "-m", "runtime.images.decode_worker", str(self._limits.max_memory_bytes)],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    env={**os.environ, **ENVIRONMENT, "PYTHONPATH": paths},
                    process_group=0,  # Ctrl-C is the server's alone, which then ends this
                )
            except OSError as cause:
                raise _NotStarted(cause.strerror) from cause
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
