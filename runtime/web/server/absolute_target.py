"""AbsoluteTarget: takes requests whose target is a whole address, `GET http://host/path`, as proxies and some clients send.

A server must take that form (RFC 9112, 3.2.2), and believe the address's host, not the Host header. Plain ASGI, outside of
all that reads a path or a host; AWS Lambda gives paths alone.
"""

import re
from urllib.parse import unquote

from starlette.types import ASGIApp, Receive, Scope, Send

TARGET = re.compile(rb"https?://([^/?#]*)(/.*)?", re.IGNORECASE | re.DOTALL)


class AbsoluteTarget:
    """Passes each request on as if its target had been the path, and the host of its address the Host header."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; one whose target is a path is passed on as it is."""
        found = None if scope["type"] != "http" else TARGET.fullmatch(scope["raw_path"])
        if found:
            raw_path = found[2] or b"/"
            others = [(name, value) for name, value in scope["headers"] if name != b"host"]
            scope = {**scope, "raw_path": raw_path, "path": unquote(raw_path.decode("ascii")), "headers": others}
            scope["headers"].append((b"host", found[1]))
        await self._app(scope, receive, send)
