"""The Hugging Face hub, played by a server on this machine: what it gives, and how it refuses."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote

COMMIT = "0123456789abcdef0123456789abcdef01234567"
# What the hub answers, as (status, X-Error-Code), by what is asked for; huggingface_hub tells them apart by the header.
REFUSALS = {
    "owner/gated": (403, "GatedRepo"),
    "owner/gated-without-token": (401, "GatedRepo"),
    "owner/missing": (401, "RepoNotFound"),
    "owner/broken": (500, ""),
}
NO_REVISION, NO_FILE = (404, "RevisionNotFound"), (404, "EntryNotFound")


class HubPlayer(BaseHTTPRequestHandler):
    """One request. Gated models show their list of files, as on the real hub, and refuse the files."""

    protocol_version = "HTTP/1.1"
    server: "HubServer"

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        path = unquote(self.path.partition("?")[0])
        if path.startswith("/api/models/"):
            self._list(*path.removeprefix("/api/models/").split("/revision/"))
        else:
            model, _, place = path.removeprefix("/").partition("/resolve/")
            self._send(model, place.partition("/")[2])

    def _list(self, model: str, revision: str = "main") -> None:
        if model in REFUSALS and not model.startswith("owner/gated"):
            return self._answer(*REFUSALS[model])
        if revision not in ("main", COMMIT):
            return self._answer(*NO_REVISION)
        files = [{"rfilename": path.name} for path in sorted(self.server.folder.iterdir())]
        return self._answer(200, body=json.dumps({"id": model, "sha": COMMIT, "siblings": files}).encode())

    def _send(self, model: str, name: str) -> None:
        file = self.server.folder / name
        if model in REFUSALS:
            self._answer(*REFUSALS[model])
        elif not file.is_file():
            self._answer(*NO_FILE)
        else:
            self._answer(200, body=file.read_bytes(), etag=f'"{name}"', x_repo_commit=COMMIT)

    def _answer(self, status: int, error: str = "", *, body: bytes = b"{}", **headers: str) -> None:
        self.send_response(status)
        for name, value in {"x_error_code": error, "content_length": str(len(body)), **headers}.items():
            if value:
                self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Keep the test's output quiet."""


class HubServer(ThreadingHTTPServer):
    """Gives the files in `folder` as any model that it does not refuse."""

    daemon_threads = True

    def __init__(self, folder: Path) -> None:
        super().__init__(("127.0.0.1", 0), HubPlayer)
        self.folder = folder
        self.address = f"http://127.0.0.1:{self.server_address[1]}"


@contextmanager
def hub_server(folder: Path) -> Iterator[HubServer]:
    """Serve until the block ends."""
    server = HubServer(folder)
    serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    serving.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        serving.join()
