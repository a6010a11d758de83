"""A process that decodes, for tests of what becomes of pictures that break it: the file's content says how."""

import os
import signal
import time
from typing import Any

from runtime.images.limits import MB
from runtime.images.worker_loop import Answer, serve


def answer_to(header: dict[str, Any], content: bytes) -> Answer:
    match content:
        case b"crash":
            os.kill(os.getpid(), signal.SIGSEGV)
        case b"hang":
            time.sleep(600)
        case b"hog":
            bytearray(4000 * MB)
        case b"write":
            with open(header["name"], "wb") as file:  # noqa: PTH123
                file.write(b"x")
    return {"width": 3, "height": 2}, content


if __name__ == "__main__":
    serve(answer_to)
