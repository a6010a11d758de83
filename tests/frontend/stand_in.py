"""A real HTTP server that stands in for the runtime: the page under its true paths, and answers that a test scripts."""

import json
import threading
from collections import defaultdict, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from email import message_from_bytes
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import MappingProxyType
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from runtime.web.access.login import LoginPage, ask_to_log_in
from runtime.web.middleware import content_security_policy
from runtime.web.service_worker import SERVICE_WORKER, versioned_service_worker
from tests.frontend.answers import PICTURES, drawn_picture, explained, heatmap, occlusion, paged, result

FRONTEND = Path(__file__).resolve().parents[2] / "frontend"
CONTENT_TYPES = {
    ".html": "text/html",
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".webmanifest": "application/manifest+json",
}
LOGIN_PAGE = LoginPage(FRONTEND)
LOWER_LEFT = (5, 1)
BROWSED = ("timeline", "pictures", "folders", "examples")
# One picture, by the longest edge: its previews and its original.
DRAWN = {"/previews/drawn.512.jpg": 512, "/previews/drawn.1600.jpg": 1600, "/images/drawn.svg": 4800}
LIMIT_S = 60  # longer than any test holds an answer back or waits for a request


@dataclass
class Scripted:
    """What the next request of a route gets: a status and a body, once `release` is set."""

    status: int = 200
    body: Any = None
    retry_s: int | None = None
    release: threading.Event = field(default_factory=threading.Event)
    hang_up: bool = False


@dataclass
class StandIn:
    """The server and its script; a request beyond the script gets a usual answer.

    The routes are `search` (by words or by a picture of the library), `search/image`, `explain`, and of the library
    without a question `timeline`, `pictures`, `folders`, `examples` and `open-folder`. `pictures` is how many a search finds
    at most; `photos` are those that can be had by their ids; `pictures_asked`, the paths of images and previews sent.
    """

    script: defaultdict[str, deque[Scripted]] = field(default_factory=lambda: defaultdict(deque))
    asked: defaultdict[str, list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))
    url: str = ""
    sample_models: bool = False
    local: bool = False
    photos: dict[int, dict[str, Any]] = field(default_factory=dict)
    pictures_asked: list[str] = field(default_factory=list)
    login: bool = False
    months: dict[str, int] = field(default_factory=lambda: {"2021-07": 5, "2021-06": 2, "2019": 1})
    undated: int = 2
    pictures: int = 8
    examples: list[str] = field(default_factory=lambda: ["two yellow ducks", "a castle at night"])
    refuses: int = 0  # the status with which all but the login page is refused; 401 leads the page there
    prefix: str = ""  # the path below which a proxy has put it
    frontend: Path = FRONTEND
    policy: str = field(default_factory=content_security_policy)
    installable: bool = False  # whether there is a service worker
    came_in: threading.Condition = field(default_factory=threading.Condition)

    def answer_next(self, route: str = "search", **fields: Any) -> None:
        """Script an answer with these fields."""
        self._append(route, Scripted(body=fields))

    def fail_next(self, status: int, body: Any, route: str = "search", *, retry_s: int | None = None) -> None:
        """Script an error, perhaps with the seconds after which to try again."""
        self._append(route, Scripted(status=status, body=body, retry_s=retry_s))

    def hang_up_next(self, route: str = "search") -> None:
        """Script a connection that closes without an answer, as when nobody serves."""
        self._append(route, Scripted(hang_up=True))

    def hold_next(self, route: str = "search") -> threading.Event:
        """Script a usual answer that waits for the returned event."""
        held = Scripted(body={})
        self.script[route].append(held)
        return held.release

    def _append(self, route: str, scripted: Scripted) -> None:
        scripted.release.set()
        self.script[route].append(scripted)

    def answer(self, route: str, fields: dict[str, Any]) -> Scripted:
        """Return what this request gets, its body filled in where the script leaves it open."""
        with self.came_in:
            self.asked[route].append(fields)
            script = self.script[route]
            scripted = script.popleft() if script else None
            self.came_in.notify_all()
        if scripted is None:
            scripted = Scripted(body={})
            scripted.release.set()
        if scripted.status < 400 and isinstance(scripted.body, dict):
            scripted.body = self.usual(route, fields) | scripted.body
        return scripted

    def usual(self, route: str, fields: dict[str, Any]) -> dict[str, Any]:
        """Return what a route answers where nothing is scripted."""
        if route in BROWSED:
            return self.usual_page(route, fields)
        if route == "open-folder":
            return {"folder": "."}
        return usual_explanation(fields) if route == "explain" else usual_search(fields, self.pictures)

    def usual_page(self, route: str, fields: dict[str, Any]) -> dict[str, Any]:
        """Return what is shown of the library without a question."""
        if route == "timeline":
            months = [{"month": month, "pictures": count} for month, count in self.months.items()]
            return {"pictures": sum(self.months.values()) + self.undated, "undated": self.undated, "months": months}
        if route == "pictures":
            offset, dates = int(fields["offset"]), [m for m, count in self.months.items() for _ in range(count)]
            taken = [*dates, *[None] * self.undated][offset : offset + int(fields["limit"])]
            return {"pictures": [paged(number, when) for number, when in enumerate(taken, offset)], "next": None}
        if route == "folders":
            return {"folders": [{"folder": "holiday", "pictures": 3}, {"folder": "2019/Lisbon", "pictures": 2}]}
        return {"examples": self.examples}

    def wait_until_asked(self, route: str, count: int) -> None:
        """Wait until so many requests of a route have come in, and taken their answers off the script."""
        with self.came_in:
            assert self.came_in.wait_for(lambda: len(self.asked[route]) >= count, LIMIT_S), self.asked

    def release_all(self) -> None:
        """Let everything that waits go on, so that no thread outlives the test."""
        for script in self.script.values():
            for scripted in script:
                scripted.release.set()


def usual_search(fields: dict[str, Any], pictures: int) -> dict[str, Any]:
    query, top_k = fields.get("query", ""), int(fields["top_k"])
    judged = {"verdict": "strong", "match_probability": 0.97}
    results = [result(number, caption=f"{query or 'alike'}, number {number}") for number in range(min(top_k, pictures))]
    if not query:  # a picture alone is not judged
        judged = dict.fromkeys(judged)
        told = {"explanation": "It looks like it.", "explanation_source": "evidence"}
        results = [found | judged | told for found in results]
    return {"query": query, "top_k": top_k, **judged, "results": results, "next": None, "timings_ms": {"embed": 1.5}}


def usual_explanation(fields: dict[str, Any]) -> dict[str, Any]:
    results = [explained(number) for number in fields["ids"]]
    for found in results:
        if fields["heatmap"]:
            found["evidence"] |= {"heatmap": heatmap(*LOWER_LEFT), "occlusion": occlusion()}
        if not fields["explain"]:
            found["evidence"]["words"] = []
            found |= {"explanation": "", "explanation_source": "none"}
    return {"query": fields["query"], "results": results, "timings_ms": {}}


class Handler(BaseHTTPRequestHandler):
    """The runtime's routes that the page uses."""

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
            fields = dict(parse_qsl(urlsplit(self.path).query))
            self.send_scripted(self.stand_in.answer(path.strip("/"), fields))
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
        if path == "/logout":
            self.stand_in.answer("logout", {})
            self.send(204, "text/plain", b"")
            return
        body = self.rfile.read(int(self.headers["content-length"]))
        content_type = self.headers["content-type"]
        fields = read_form(content_type, body) if content_type.startswith("multipart/") else json.loads(body)
        self.send_scripted(self.stand_in.answer(path.removeprefix("/"), fields))

    def send_scripted(self, scripted: Scripted) -> None:
        """Send what is scripted once it is released."""
        scripted.release.wait(LIMIT_S)
        if scripted.hang_up:
            self.close_connection = True
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


def start(stand_in: StandIn) -> ThreadingHTTPServer:
    """Serve `stand_in` on a free port of the loopback until the returned server is shut down."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Bound", (Handler,), {"stand_in": stand_in}))
    stand_in.url = f"http://127.0.0.1:{server.server_port}{stand_in.prefix}"
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    return server
