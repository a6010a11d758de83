"""Other people's servers, played by a real one on this machine: each path behaves as a test says."""

import io
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from PIL import Image

from tests.server_faults import Player, PlayingServer

Behaviour = Callable[["PicturePlayer"], None]


class PicturePlayer(Player):
    """One request; its path's behaviour answers it, and an unknown path is a 404."""

    protocol_version = "HTTP/1.1"
    server: "PictureServer"

    def do_GET(self) -> None:
        with self.server.counting:
            self.server.asked[self.path] += 1
            self.server.agents.add(self.headers["user-agent"])
            self.server.open_now += 1
            self.server.most_at_once = max(self.server.most_at_once, self.server.open_now)
        try:
            self.server.behaviours.get(self.path, sends(404, b"no such picture"))(self)
        except (BrokenPipeError, ConnectionResetError):  # the caller gave up, as it should
            self.close_connection = True
        finally:
            with self.server.counting:
                self.server.open_now -= 1

    def answer(self, status: int, body: bytes, *, length: int | None = None, **headers: str) -> None:
        self.send_response(status)
        self.send_header("content-length", str(len(body) if length is None else length))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    @property
    def times_asked(self) -> int:
        return self.server.asked[self.path]

    def log_message(self, *_: Any) -> None:
        """Keep the test's output quiet."""


class PictureServer(PlayingServer):
    """Counts what it was asked; `released` ends every slow answer when the test is over."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), PicturePlayer)
        self.behaviours: dict[str, Behaviour] = {}
        self.asked: Counter[str] = Counter()
        self.agents: set[str] = set()
        self.open_now = self.most_at_once = 0
        self.counting, self.released = threading.Lock(), threading.Event()

    def play(self, path: str, behaviour: Behaviour) -> str:
        """Return the address that behaves so from now on."""
        self.behaviours[path] = behaviour
        return f"http://127.0.0.1:{self.server_address[1]}{path}"


@contextmanager
def picture_server() -> Iterator[PictureServer]:
    """Serve until the block ends."""
    server = PictureServer()
    serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    serving.start()
    try:
        yield server
    finally:
        server.released.set()
        server.shutdown()
        server.server_close()
        serving.join()


def picture_bytes(width: int = 60, height: int = 40, picture_format: str = "PNG", **options: Any) -> bytes:
    """Return a picture: red on its left half, blue on its right."""
    picture = Image.new("RGB", (width, height), "blue")
    picture.paste("red", (0, 0, width // 2, height))
    file = io.BytesIO()
    picture.save(file, picture_format, **options)
    return file.getvalue()


def sends(status: int, body: bytes, *, length: int | None = None, **headers: str) -> Behaviour:
    """Answer with these bytes; `length` is what the header claims of them."""

    def behave(player: PicturePlayer) -> None:
        player.answer(status, body, length=length, **headers)
        player.close_connection = length is not None

    return behave


def shows(**options: Any) -> Behaviour:
    """Answer with a picture."""
    return sends(200, picture_bytes(**options), content_type="image/png")


def in_turn(*behaviours: Behaviour) -> Behaviour:
    """Behave one way at the first request, another at the second; the last way from then on."""
    return lambda player: behaviours[min(player.times_asked, len(behaviours)) - 1](player)


def drips(player: PicturePlayer) -> None:
    """Send a byte now and then, each within any read timeout, and never come to an end."""
    player.send_response(200)
    player.send_header("content-length", "100000")
    player.end_headers()
    while not player.server.released.wait(0.02):
        player.wfile.write(b" ")


def pours(player: PicturePlayer) -> None:
    """Send without end, and without saying how much."""
    player.send_response(200)
    player.end_headers()
    player.close_connection = True
    while not player.server.released.is_set():
        player.wfile.write(b"\xff" * 65536)
