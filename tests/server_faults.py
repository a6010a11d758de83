"""The worst manners of a server, shared by those that play another's in the tests."""

import socket
import struct
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

LONGEST_SILENCE_S = 60


class PlayingServer(ThreadingHTTPServer):
    """A server whose slow answers all end when `released` is set."""

    released: threading.Event


class Player(BaseHTTPRequestHandler):
    """One connection to it."""

    server: PlayingServer


def stays_silent(player: Player) -> None:
    """Take the request and say nothing."""
    player.server.released.wait(LONGEST_SILENCE_S)
    player.close_connection = True


def resets(player: Player) -> None:
    """Cut the connection with a TCP reset."""
    player.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    player.connection.close()
    player.close_connection = True
