"""A real HTTP server that stands in for the runtime: the page under its true paths, and what its `StandIn` answers."""

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from email import message_from_bytes
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import MappingProxyType
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from runtime.web.access.login import LoginPage, ask_to_log_in
from runtime.web.routes.service_worker import SERVICE_WORKER, versioned_service_worker
from tests.frontend.answers import PICTURES, drawn_picture
from tests.frontend.stand_in import BROWSED, FRONTEND, LIMIT_S, StandIn

CONTENT_TYPES = {
    ".html": "text/html",
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".webmanifest": "application/manifest+json",
}
LOGIN_PAGE = LoginPage(FRONTEND)
# One picture, by the longest edge: its previews and its original; and the previews of one on an older server.
DRAWN = {f"/previews/drawn.{edge}.jpg": edge for edge in (320, 512, 1600)} | {"/images/drawn.svg": 4800}
DRAWN |= {f"/previews/older.{edge}.jpg": edge for edge in (512, 1600)}


class Handler(BaseHTTPRequestHandler):
    """The runtime's routes that the page uses.

    A connection a request: over one that is kept, a browser asks again when it gets no answer, so that a test could not tell
    how often the page has asked. To keep them saves no time.
    """

    stand_in: StandIn

    def do_GET(self) -> None:
        """Serve the page, its files and every picture but `missing.svg`."""
        path = self.path.partition("?")[0].removeprefix(self.stand_in.prefix)
        frontend = self.stand_in.frontend
        name = "index.html" if path == "/" else path.removeprefix("/static/")
        file = (frontend / name).resolve()
        if path.startswith(("/images/", "/previews/")):
            self.stand_in.pictures_asked.append(path)
        if self.stand_in.refuses and path != "/login":
            to_login = dict(ask_to_log_in("").headers) if path == "/" and self.stand_in.refuses == 401 else {}
            self.send(303 if to_login else self.stand_in.refuses, "text/plain", b"refused", to_login)
        elif path == f"/{SERVICE_WORKER}" and self.stand_in.installable:
            self.send(200, "text/javascript", versioned_service_worker(frontend).encode())
        elif path.startswith("/pictures/"):
            photo = self.stand_in.photos.get(int(path.removeprefix("/pictures/")))
            answer = photo or {"error": {"code": "image_not_found", "message": "The library has no such picture."}}
            self.send(200 if photo else 404, "application/json", json.dumps(answer).encode())
        elif path in DRAWN:
            self.send(200, "image/svg+xml", drawn_picture(DRAWN[path]))
        elif path.startswith("/images/") and not path.endswith("missing.svg"):
            self.send(200, "image/svg+xml", PICTURES["wide" if "wide" in path else "square"])
        elif path == "/readyz":
            ready = {"status": "ready", "pictures": 8, "sample_models": self.stand_in.sample_models}
            ready |= {"login": self.stand_in.login, "local": self.stand_in.local}
            self.send(200, "application/json", json.dumps(ready).encode())
        elif path.strip("/") in BROWSED:
            self.send_scripted(path.strip("/"), dict(parse_qsl(urlsplit(self.path).query)))
        elif path == "/login":
            page = LOGIN_PAGE.show("", wrong="That is not the token." if self.path.endswith("?wrong") else "")
            self.send(200, "text/html", bytes(page.body), dict(page.headers))
        elif (path == "/" or path.startswith("/static/")) and file.is_relative_to(frontend) and file.is_file():
            self.send(200, CONTENT_TYPES[file.suffix], file.read_bytes())
        else:
            self.send(404, "text/plain", b"not here")

    def do_POST(self) -> None:
        """Answer by the script."""
        path = self.path.removeprefix(self.stand_in.prefix)
        body = self.rfile.read(int(self.headers["content-length"] or 0))
        if path == "/logout":
            self.stand_in.answer("logout", {})
            self.send(204, "text/plain", b"")
            return
        content_type = self.headers["content-type"]
        fields = read_form(content_type, body) if content_type.startswith("multipart/") else json.loads(body)
        self.send_scripted(path.removeprefix("/"), fields)

    def send_scripted(self, route: str, fields: dict[str, Any]) -> None:
        """Send what is scripted once it is released."""
        scripted = self.stand_in.answer(route, fields)
        scripted.release.wait(LIMIT_S)
        if scripted.hang_up:
            return
        is_text = isinstance(scripted.body, str)
        answer = scripted.body if is_text else json.dumps(scripted.body)
        headers = {"retry-after": str(scripted.retry_s)} if scripted.retry_s is not None else {}
        self.send(scripted.status, "text/html" if is_text else "application/json", answer.encode(), headers)

    def send(self, status: int, content_type: str, body: bytes, headers: Mapping[str, str] = MappingProxyType({})) -> None:
        """Write one answer; a browser that stopped waiting is no error here."""
        try:
            self.send_response(status)
            self.send_header("content-type", content_type)
            self.send_header("content-length", str(len(body)))
            headers = {"content-security-policy": self.stand_in.policy, **headers}
            for name in headers.keys() - {"content-type", "content-length"}:
                self.send_header(name, headers[name])
            self.end_headers()
            self.wfile.write(body)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    def log_message(self, *_: object) -> None:
        """Keep the test's output quiet."""


def read_form(content_type: str, body: bytes) -> dict[str, Any]:
    """Return a form's fields: text as str, a file as its bytes."""
    form = message_from_bytes(b"content-type: " + content_type.encode() + b"\r\n\r\n" + body)
    fields: dict[str, Any] = {}
    for part in form.walk():
        name, content = part.get_param("name", header="content-disposition"), part.get_payload(decode=True)
        if isinstance(name, str) and isinstance(content, bytes):  # not so the form itself, which holds the parts
            fields[name] = content if part.get_filename() else content.decode()
    return fields


@contextmanager
def serving(stand_in: StandIn) -> Iterator[StandIn]:
    """Serve `stand_in` on a free port of the loopback."""
    with ThreadingHTTPServer(("127.0.0.1", 0), type("Bound", (Handler,), {"stand_in": stand_in})) as server:
        stand_in.url = f"http://127.0.0.1:{server.server_port}{stand_in.prefix}"
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        try:
            yield stand_in
        finally:
            stand_in.release_all()
            server.shutdown()
