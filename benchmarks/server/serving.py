"""A server in a thread of the own process, for benchmarks and tests that drive the real app in a browser."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from fastapi import FastAPI


@contextmanager
def serving_app(app: FastAPI) -> Iterator[str]:
    """Serve an app on a free port of the loopback, and yield its address."""
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, ws="none"))
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        thread = threading.Thread(target=server.run, args=([listening],))
        thread.start()
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()
