"""PathPrefix: takes off the path below which a proxy shows this server, where the proxy leaves it on. Plain ASGI."""

from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Receive, Scope, Send


class PathPrefix:
    """Passes each request on as if it had been sent to the server itself; what has no such prefix is passed on as it is."""

    def __init__(self, app: ASGIApp, prefix: str) -> None:
        """Keep the prefix, such as `/photos`."""
        self._app, self._prefix = app, prefix

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Take the prefix off. Its own address leads to the page, whose addresses are relative to the slash at its end."""
        if scope["type"] == "http" and scope["path"] == self._prefix:
            query = scope["query_string"].decode("latin-1")
            await RedirectResponse(f"{self._prefix}/{'?' if query else ''}{query}", 308)(scope, receive, send)
            return
        if scope["type"] == "http" and scope["path"].startswith(f"{self._prefix}/"):
            scope["path"] = scope["path"].removeprefix(self._prefix)  # in place, as the route is noted in it
        await self._app(scope, receive, send)
