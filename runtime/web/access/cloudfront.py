"""CloudFrontRequests: what template.yaml's CloudFront puts into headers of its own goes where the app looks for it.

CloudFront signs what it sends to a function: the signature takes the place of the token, its own address that of the client.
Only a function whose URL CloudFront alone may ask can believe these headers: anybody else could name any address.
"""

from starlette.types import ASGIApp, Receive, Scope, Send

CLIENT, AUTHORIZATION = b"x-lookwhy-client", b"x-lookwhy-authorization"  # template.yaml's FunctionGate writes them
TAKEN = {CLIENT, AUTHORIZATION, b"authorization"}


class CloudFrontRequests:
    """Gives each request the visitor's address and token back."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on as the visitor sent it to CloudFront."""
        if scope["type"] == "http":
            scope = _as_sent(scope)
        await self._app(scope, receive, send)


def _as_sent(scope: Scope) -> Scope:
    headers = [(bytes(name), bytes(value)) for name, value in scope["headers"]]
    given = dict(headers)
    kept = [(name, value) for name, value in headers if name not in TAKEN]
    if AUTHORIZATION in given:
        kept.append((b"authorization", given[AUTHORIZATION]))
    client = (given[CLIENT].decode("latin-1"), 0) if CLIENT in given else scope.get("client")
    return {**scope, "headers": kept, "client": client}
