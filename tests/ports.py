"""A port for a server that a test starts as a process of its own."""

import random
import socket

# Below the ports that Linux gives to connections: none of those can take a port between its choice and the server's start.
FIRST, LAST = 20_000, 32_000
CHANCE = random.SystemRandom()  # that no test seeds


def free_port() -> int:
    """Return a port of the loopback that nobody listens at."""
    while True:
        port = CHANCE.randint(FIRST, LAST)
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
