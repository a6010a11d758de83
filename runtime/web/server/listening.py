"""The server's sockets: bound before anything is opened, so that a port that is taken is refused at once."""

import errno
import socket
from collections.abc import Sequence
from contextlib import ExitStack
from ipaddress import ip_address

from runtime.errors import SettingInvalid

BACKLOG = 2048  # as uvicorn's own
# A name may have an address that this machine lacks, as "localhost" may have ::1 where there is no IPv6.
NO_ADDRESS = "it is no address of this machine"
NOT_HERE = {errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT}


def open_sockets(host: str, port: int, setting: str | None = None) -> list[socket.socket]:
    """Return sockets that listen on every address of `host`; whoever connects waits until they are served.

    Args:
        host: a name or an address; empty means every address of this machine.
        port: the port.
        setting: the variable that named both; None for `--host` and `--port`.

    Raises:
        SettingInvalid: another program has the port, this user may not take it, or `host` is no address of this machine.
    """
    try:
        found = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError) as cause:
        raise SettingInvalid(setting or "--host", host, NO_ADDRESS) from cause
    with ExitStack() as opened:
        listening = []
        for family, address in dict.fromkeys((family, address) for family, _, _, _, address in found):
            try:
                bound = opened.enter_context(socket.create_server(address, family=family, backlog=BACKLOG))
                # What is accepted inherits it. asyncio sets it only where a socket names its protocol, and without it, the
                # body of each answer waits 40 ms for the client to acknowledge the headers.
                bound.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                listening.append(bound)
            except OSError as cause:
                if cause.errno not in NOT_HERE:
                    raise SettingInvalid(setting or "--port", str(port), _why_refused(cause, host)) from cause
        if not listening:
            raise SettingInvalid(setting or "--host", host, NO_ADDRESS)
        opened.pop_all()  # they stay open
    return listening


def is_loopback(listening: Sequence[socket.socket]) -> bool:
    """Return whether only programs of this machine can connect."""
    return all(ip_address(opened.getsockname()[0].partition("%")[0]).is_loopback for opened in listening)


def _why_refused(cause: OSError, host: str) -> str:
    if cause.errno == errno.EADDRINUSE:
        return f"another program listens there on {host}. Stop it, or choose another port"
    if cause.errno == errno.EACCES:
        return "this user may not take it. Choose one above 1023"
    return cause.strerror or str(cause)
