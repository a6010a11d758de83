"""An event loop whose time a test sets, and a connection whose other end is a list."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from runtime.web.server.connections import Connections, WatchedProtocol


class SetLoop(asyncio.SelectorEventLoop):
    """Its clock stands still until a test lets it go on."""

    def __init__(self) -> None:
        super().__init__()
        self.now_s = 0.0

    def time(self) -> float:
        return self.now_s


def run_on_set_clock(story: Callable[[], Awaitable[None]]) -> None:
    with asyncio.Runner(loop_factory=SetLoop) as runner:
        runner.run(_as_coroutine(story))


async def _as_coroutine(story: Callable[[], Awaitable[None]]) -> None:
    await story()


async def pass_time(seconds: float) -> None:
    """Let the clock go on, and everything happen that is due."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, SetLoop)
    loop.now_s += seconds
    for _ in range(20):
        await asyncio.sleep(0)


class ListTransport(asyncio.Transport):
    """Keeps what is written; a client that does not read leaves it in the buffer."""

    def __init__(self, protocol: WatchedProtocol, *, reads: bool = True) -> None:
        super().__init__()
        self._protocol, self._reads = protocol, reads
        self.written, self.is_closed, self.is_aborted = b"", False, False

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return {"peername": ("192.0.2.7", 5), "sockname": ("127.0.0.1", 8000)}.get(name, default)

    def write(self, data: Any) -> None:
        self.written += bytes(data)
        if not self._reads and len(self.written) > 65_536:
            self._protocol.pause_writing()

    def get_write_buffer_size(self) -> int:
        return 0 if self._reads else len(self.written)

    def is_closing(self) -> bool:
        return self.is_closed

    def close(self) -> None:
        if not self.is_closed:
            self.is_closed = True
            if self._reads:
                asyncio.get_running_loop().call_soon(self._protocol.connection_lost, None)

    def abort(self) -> None:
        if not self.is_aborted:
            self.is_closed = self.is_aborted = True
            asyncio.get_running_loop().call_soon(self._protocol.connection_lost, None)

    def pause_reading(self) -> None:
        """Nothing comes by itself."""

    def resume_reading(self) -> None:
        """Nothing comes by itself."""


def connect(config: Any, connections: Connections, *, reads: bool = True) -> tuple[WatchedProtocol, ListTransport]:
    """Return a new connection's protocol and its transport."""
    protocol = WatchedProtocol(config=config, server_state=connections, app_state={}, _loop=asyncio.get_running_loop())
    transport = ListTransport(protocol, reads=reads)
    protocol.connection_made(transport)
    return protocol, transport
