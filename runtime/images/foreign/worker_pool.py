"""HEIC and RAW files decoded by processes of their own, as many as are asked at once.

Decoders of these formats are large and new to much of what they meet: a picture that breaks one, hangs in it or takes too
much costs itself and no other. Each process ends by itself when it has nothing to do.
"""

import atexit
import threading
from dataclasses import asdict

from runtime.errors import ImageUnreadable
from runtime.images.file_types import Reader
from runtime.images.foreign.heif import estimate_heif_bytes, unwrap_heif
from runtime.images.foreign.raw import estimate_raw_bytes, unwrap_raw
from runtime.images.limits import PictureLimits, process_limits
from runtime.images.memory import decode_memory
from runtime.images.worker_process import PICTURE_MAX_S, NotStarted, WorkerEnded, WorkerProcess

UNWRAPPERS = {Reader.HEIF: unwrap_heif, Reader.RAW: unwrap_raw}
ESTIMATES = {Reader.HEIF: estimate_heif_bytes, Reader.RAW: estimate_raw_bytes}
WORKER = "runtime.images.foreign.worker"
Picture = tuple[bytes, tuple[int, int]]  # as TIFF or JPEG, and the size in pixels of the upright whole


class Workers:
    """The processes that wait for a picture; another starts where all are at work. Any thread may ask."""

    def __init__(self, module: str = WORKER, *, picture_max_s: float = PICTURE_MAX_S) -> None:
        """Start nothing yet. A picture that takes longer than `picture_max_s` in `module` is given up."""
        self._module, self._picture_max_s = module, picture_max_s
        self._idle: list[WorkerProcess] = []
        self._lock = threading.Lock()

    def unwrap(self, reader: Reader, content: bytes, name: str, limits: PictureLimits) -> Picture:
        """Return the picture in a file; raises as `unwrapping.unwrapped`."""
        with self._lock:
            worker = self._idle.pop() if self._idle else self._another()
        try:
            header = {"name": name, "reader": reader.value, "limits": asdict(limits)}
            answer, picture = worker.ask(header, content)
            return picture, (int(answer["width"]), int(answer["height"]))
        except NotStarted as cause:
            raise ImageUnreadable(name, f"no process can be started to decode it ({cause})") from cause
        except WorkerEnded as ended:
            late = f"decoding it takes longer than {self._picture_max_s:g} s"
            raise ImageUnreadable(name, late if ended.late else "it breaks its decoder, or takes too much memory") from ended
        finally:
            with self._lock:
                self._idle.append(worker)

    def close(self) -> None:
        """End those that wait for a picture."""
        with self._lock:
            idle, self._idle = self._idle, []
        for worker in idle:
            worker.close()

    def _another(self) -> WorkerProcess:
        most = process_limits.library.max_memory_bytes
        return WorkerProcess(self._module, most, picture_max_s=self._picture_max_s)


_workers = Workers()
_decodes_here = False
atexit.register(_workers.close)


def unwrap(reader: Reader, content: bytes, name: str, limits: PictureLimits) -> Picture:
    """Return the picture in a file, within this process's memory for decoding; raises as `unwrapping.unwrapped`."""
    with decode_memory.taken(ESTIMATES[reader](content)):
        if _decodes_here:
            return UNWRAPPERS[reader](content, name, limits)
        return _workers.unwrap(reader, content, name, limits)


def decode_here() -> None:
    """Let this process decode by itself from now on: it is one whose end costs one picture."""
    global _decodes_here  # noqa: PLW0603 (one flag of the whole process)
    _decodes_here = True
