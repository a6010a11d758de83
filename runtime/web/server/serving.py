"""The running server: uvicorn with our connections, as many as there are file descriptors for, and an end within 10 s.

Imported by `serve` alone: AWS Lambda has no sockets, and its cold start no time for uvicorn.
"""

import logging
import os
import socket
import threading
from collections.abc import Sequence
from types import FrameType

import uvicorn
from starlette.applications import Starlette

from runtime.settings import Settings
from runtime.web.log.privacy import keep_log_private
from runtime.web.server.absolute_target import AbsoluteTarget
from runtime.web.server.connections import KEEP_ALIVE_S, Connections, WatchedProtocol
from runtime.web.server.listening import BACKLOG

log = logging.getLogger(__name__)

CONNECTIONS_MAX = 1000  # each may hold 150 KB: its headers, 64 KB of a body, 64 KB of an answer
FILES_PER_CONNECTION = 2  # its socket, and the picture that it is sent
FILES_KEPT = 256  # for the index, twice while a new one is opened, for uploads, a language model, and what is just accepted
# asyncio accepts as many connections at once before the first of them gets a protocol, which drops another for it.
ACCEPTED_AT_ONCE = 16
ANSWERS_END_S, PROCESS_ENDS_S = 6, 8.5  # container engines kill 10 s after they asked


def run_server(app: Starlette, sockets: Sequence[socket.socket], settings: Settings) -> None:
    """Serve the app on listening sockets until SIGINT or SIGTERM."""
    level = settings.log_level.upper()
    config = uvicorn.Config(
        AbsoluteTarget(app),
        http=WatchedProtocol,
        ws="none",
        workers=1,  # else uvicorn reads WEB_CONCURRENCY, which many hosts set
        log_config=None,
        log_level=level.lower(),
        access_log=level == "DEBUG" and settings.log_format == "text",  # else each request has a line of ours
        server_header=False,
        forwarded_allow_ips=settings.forwarded_allow_ips,
        backlog=ACCEPTED_AT_ONCE,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=ANSWERS_END_S,
    )
    keep_log_private()
    count = app.state.metrics.count
    _Server(config, Connections(connections_max(open_files_max()), count)).run(sockets=list(sockets))


def connections_max(files_max: int) -> int:
    """Return how many connections there is room for among so many open files; at least one."""
    return max(1, min(CONNECTIONS_MAX, (files_max - FILES_KEPT) // FILES_PER_CONNECTION))


def open_files_max() -> int:
    """Return how many files this process may have open, after asking for as many as may be needed."""
    wanted = CONNECTIONS_MAX * FILES_PER_CONNECTION + FILES_KEPT
    try:
        import resource
    except ImportError:  # Windows has no such limit
        return wanted
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return wanted
    allowed = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
    except (OSError, ValueError):
        return soft
    return allowed


class _Server(uvicorn.Server):
    """uvicorn, with connections that are watched."""

    def __init__(self, config: uvicorn.Config, connections: Connections) -> None:
        super().__init__(config)
        self.server_state = connections

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, and let the kernel hold more connections than are accepted at once."""
        await super().startup(sockets)
        for listening in sockets or []:
            listening.listen(BACKLOG)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """End, without those that are not done in time: a search under way in a thread cannot be stopped otherwise."""
        if not self.should_exit:
            last = threading.Timer(PROCESS_ENDS_S, _end_process, [sig])
            last.daemon = True
            last.start()
        super().handle_exit(sig, frame)


def _end_process(signal: int) -> None:
    log.warning("Ended with requests under way, %.1f s after the signal.", PROCESS_ENDS_S)
    logging.shutdown()
    os._exit(128 + signal)
