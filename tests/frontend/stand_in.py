"""A real HTTP server that stands in for the runtime: the page under its true paths, and answers that a test scripts."""

import json
import threading
from collections import deque
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

FRONTEND = Path(__file__).resolve().parents[2] / "frontend"
CONTENT_TYPES = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
POLICY = "default-src 'self'; img-src 'self' https: data:; object-src 'none'; base-uri 'none'; form-action 'self'"
PICTURE = (
    b"<svg xmlns='http://www.w3.org/2000/svg' width='384' height='384'><rect width='384' height='384' fill='teal'/></svg>"
)


def result(number: int, **changes: Any) -> dict[str, Any]:
    """Return one result in the contract's form."""
    usual = {
        "id": number,
        "image_path": f"scenes/{number:04}.svg",
        "image_url": f"/images/scenes/{number:04}.svg",
        "score": 0.91 - number / 50,
        "match_probability": None,
        "verdict": None,
        "caption": f"a red boat on the sea at sunset, number {number}",
        "caption_source": "index",
        "explanation": f"The caption names a boat and a sunset, as the query does ({number}).",
        "explanation_source": "evidence",
        "evidence": {},
    }
    return usual | changes


@dataclass
class Scripted:
    """What the next `POST /search` gets: a status and a body, once `release` is set."""

    status: int = 200
    body: Any = None
    release: threading.Event | None = None
    hang_up: bool = False


@dataclass
class StandIn:
    """The server and its script; a search beyond the script gets as many results as it asks for."""

    script: deque[Scripted] = field(default_factory=deque)
    asked: list[dict[str, Any]] = field(default_factory=list)
    url: str = ""

    def answer_next(self, *, results: list[dict[str, Any]]) -> None:
        """Script an answer of these results."""
        self.script.append(Scripted(body={"results": results}))

    def fail_next(self, status: int, body: Any) -> None:
        """Script an error."""
        self.script.append(Scripted(status=status, body=body))

    def hang_up_next(self) -> None:
        """Script a connection that closes without an answer, as when nobody serves."""
        self.script.append(Scripted(hang_up=True))

    def hold_next(self) -> threading.Event:
        """Script a usual answer that waits for the returned event."""
        held = Scripted(release=threading.Event())
        self.script.append(held)
        assert held.release is not None
        return held.release

    def answer(self, request: dict[str, Any]) -> Scripted:
        """Return what this search gets, its body filled in where the script leaves it open."""
        self.asked.append(request)
        scripted = self.script.popleft() if self.script else Scripted()
        if scripted.body is None:
            captioned = [result(n, caption=f"{request['query']}, number {n}") for n in range(request["top_k"])]
            scripted.body = {"results": captioned}
        if scripted.status < 400 and isinstance(scripted.body, dict):
            scripted.body = {**request, "verdict": None, "timings_ms": {"embed": 1.5}, **scripted.body}
        return scripted


class Handler(BaseHTTPRequestHandler):
    """The runtime's routes that the page uses."""

    stand_in: StandIn

    def do_GET(self) -> None:
        """Serve the page, its files and every picture but `missing.svg`."""
        path = self.path.partition("?")[0]
        name = "index.html" if path == "/" else path.removeprefix("/static/")
        file = FRONTEND / name
        if path.startswith("/images/") and not path.endswith("missing.svg"):
            self.send(200, "image/svg+xml", PICTURE)
        elif (path == "/" or path.startswith("/static/")) and file.parent == FRONTEND and file.is_file():
            self.send(200, CONTENT_TYPES[file.suffix], file.read_bytes())
        else:
            self.send(404, "text/plain", b"not here")

    def do_POST(self) -> None:
        """Answer a search by the script."""
        request = json.loads(self.rfile.read(int(self.headers["content-length"])))
        scripted = self.stand_in.answer(request)
        if scripted.release:
            scripted.release.wait(10)
        if scripted.hang_up:
            self.close_connection = True
            return
        is_text = isinstance(scripted.body, str)
        body = scripted.body if is_text else json.dumps(scripted.body)
        self.send(scripted.status, "text/html" if is_text else "application/json", body.encode())

    def send(self, status: int, content_type: str, body: bytes) -> None:
        """Write one answer; a browser that stopped waiting is no error here."""
        try:
            self.send_response(status)
            self.send_header("content-type", content_type)
            self.send_header("content-length", str(len(body)))
            self.send_header("content-security-policy", POLICY)
            self.end_headers()
            self.wfile.write(body)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    def log_message(self, *_: object) -> None:
        """Keep the test's output quiet."""


def start(stand_in: StandIn) -> ThreadingHTTPServer:
    """Serve `stand_in` on a free port of the loopback until the returned server is shut down."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Bound", (Handler,), {"stand_in": stand_in}))
    stand_in.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    return server
