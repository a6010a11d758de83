"""What every request passes on its way in and out: the limit on its body, the safe headers, the time it took.

Plain ASGI, so that a streamed picture is never held in memory. Knows no route.
"""

from collections.abc import Callable
from time import perf_counter
from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from runtime.errors import RequestTooLarge

# The page loads everything from its own origin but the pictures, which IMAGE_BASE_URL may put elsewhere.
CONTENT_SECURITY_POLICY = (
    "default-src 'self'; img-src 'self' https: data: blob:; object-src 'none'; base-uri 'none'; frame-ancestors 'none'"
)
SAFE_HEADERS = {
    "content-security-policy": CONTENT_SECURITY_POLICY,
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}
NO_ROUTE = "unmatched"


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

    def __init__(self, app: ASGIApp, count: Callable[[str, int, float], None]) -> None:
        self._app, self._count = app, count

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
                for name, value in SAFE_HEADERS.items():
                    headers.setdefault(name, value)
                headers.append("server-timing", f"total;dur={seconds * 1000:.2f}")
                self._count(_route_of(scope), message["status"], seconds)
            await send(message)

        await self._app(scope, receive, send_with_headers)


def _route_of(scope: Scope) -> str:
    route: Any = scope.get("route")
    mounted_at = scope["root_path"].removeprefix(scope["app_root_path"]) if "app_root_path" in scope else NO_ROUTE
    return getattr(route, "path_format", mounted_at)
