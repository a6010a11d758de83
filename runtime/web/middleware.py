"""What every request passes on its way in and out: the limit on its body, the safe headers, the time it took.

Plain ASGI, so that a streamed picture is never held in memory. Knows no route.
"""

from collections.abc import Callable, Iterable
from time import perf_counter
from typing import Any
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from runtime.errors import RequestTooLarge

NO_ROUTE = "unmatched"


def content_security_policy(*picture_urls: str | None) -> str:
    """Return what the page may load: all from its own origin, and pictures from where the settings put them."""
    others = dict.fromkeys(origin for url in picture_urls for origin in _origin_of(url or ""))
    pictures = " ".join(["'self'", *others, "blob:"])
    return (
        f"default-src 'self'; img-src {pictures}; object-src 'none'; base-uri 'none'; form-action 'self'; "
        "frame-ancestors 'none'"
    )


def safe_headers(*picture_urls: str | None) -> dict[str, str]:
    """Return the headers that keep other sites from embedding, reading or misreading any answer."""
    return {
        "content-security-policy": content_security_policy(*picture_urls),
        "cross-origin-resource-policy": "same-origin",
        "referrer-policy": "no-referrer",
        "x-content-type-options": "nosniff",
    }


def _origin_of(url: str) -> list[str]:
    """Return the origin of an address as a policy takes it; none of a path on this server."""
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        return []
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname.encode("idna").decode()
    return [f"{parts.scheme}://{host}{f':{parts.port}' if parts.port else ''}"]


class BodyLimit:
    """Refuses a body over `max_bytes`: at once by its content-length, otherwise as soon as more bytes have come."""

    def __init__(self, app: ASGIApp, max_bytes: int) -> None:
        self._app, self._max_bytes = app, max_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on with a counted body.

        Raises:
            RequestTooLarge: to the app's own error handlers, where the route reads the body.
        """
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        announced = Headers(scope=scope).get("content-length", "")
        given_bytes = 0

        async def receive_counted() -> Message:
            nonlocal given_bytes
            if announced.isdecimal() and int(announced) > self._max_bytes:
                raise RequestTooLarge(self._max_bytes, int(announced))
            message = await receive()
            given_bytes += len(message.get("body", b""))
            if given_bytes > self._max_bytes:
                raise RequestTooLarge(self._max_bytes)
            return message

        await self._app(scope, receive_counted, send)


class AnswerHeaders:
    """Adds the safe headers and `Server-Timing: total`, and reports each answer to `count(route, status, seconds)`."""

    def __init__(
        self, app: ASGIApp, count: Callable[[str, int, float], None], *, picture_urls: Iterable[str | None] = ()
    ) -> None:
        self._app, self._count, self._safe_headers = app, count, safe_headers(*picture_urls)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and add to the headers of its answer."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        start = perf_counter()

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                seconds = perf_counter() - start
                headers = MutableHeaders(scope=message)
                for name, value in self._safe_headers.items():
                    headers.setdefault(name, value)
                headers.append("server-timing", f"total;dur={seconds * 1000:.2f}")
                self._count(route_of(scope), message["status"], seconds)
            await send(message)

        await self._app(scope, receive, send_with_headers)


def route_of(scope: Scope) -> str:
    """Return the template of the route that took a request, or where a mounted app took it."""
    route: Any = scope.get("route")
    mounted_at = scope["root_path"].removeprefix(scope["app_root_path"]) if "app_root_path" in scope else NO_ROUTE
    return getattr(route, "path_format", mounted_at)
