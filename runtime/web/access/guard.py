"""AccessGuard: what every request passes before anything is done for it. Plain ASGI; reads no body but a login's.

In this order: was it sent to a name of ours, by a page of ours, with the token, and not too often? The login page and
`/healthz` need no token.
"""

import logging
from collections.abc import Mapping
from urllib.parse import parse_qs

from starlette.datastructures import MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from runtime.errors import RequestError
from runtime.web.access.hosts import AllowedHosts
from runtime.web.access.login import LoginPage, ask_again, ask_to_log_in, read_form
from runtime.web.access.origins import AllowedOrigins
from runtime.web.access.rate_limit import TokenBuckets, client_of
from runtime.web.access.refusals import AccessDenied, RateExceeded
from runtime.web.access.token import AccessToken, bearer_of
from runtime.web.faults import known_fault

log = logging.getLogger(__name__)

TRIES_PER_MINUTE = 5  # of wrong tokens, a client
OPEN_PATH = "/healthz"
PAGE, LOGIN, LOGOUT = "/", "/login", "/logout"
KEPT = "private, no-cache"  # a browser asks each time, so that what it keeps is not shown after a logout

HeaderMap = Mapping[bytes, bytes]


class AccessGuard:
    """Lets a request through to the app, or answers it with why not."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        hosts: AllowedHosts,
        origins: AllowedOrigins,
        searches: TokenBuckets | None = None,
        gate: "TokenGate | None" = None,
    ) -> None:
        """Keep what is checked; without `searches` they are not counted, and without `gate` nobody is asked for a token."""
        self._app, self._hosts, self._origins, self._searches, self._gate = app, hosts, origins, searches, gate

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or answer it."""
        if scope["type"] == "http":
            try:
                answer = await self._answer(scope, receive)
            except RequestError as refusal:
                answer = known_fault(refusal)
            if answer is not None:
                await answer(scope, receive, send)
                return
        elif scope["type"] == "websocket":  # there is none
            await send({"type": "websocket.close", "code": 1008})
            return
        await self._app(scope, receive, _kept_private(send) if self._gate else send)

    async def _answer(self, scope: Scope, receive: Receive) -> Response | None:
        """Return what to answer in place of the app; None lets the request through.

        Raises:
            RequestError: one of `refusals.py`.
        """
        headers: HeaderMap = dict(scope["headers"])
        self._hosts.check([value for name, value in scope["headers"] if name == b"host"])
        self._origins.check(scope["method"], headers)
        if self._gate:
            answer = await self._gate.answer(scope, headers, receive)
            if answer is not None:
                return answer
        if self._searches and scope["method"] == "POST":
            self._take_search(self._searches, client_of(scope))
        return None

    def _take_search(self, searches: TokenBuckets, client: str) -> None:
        wait_s = searches.wait_s(client)
        if wait_s:
            raise RateExceeded("searches", wait_s)
        searches.take(client)


class TokenGate:
    """Asks each request for the token or a session, and gives out sessions at the login page."""

    def __init__(self, token: AccessToken, login: LoginPage) -> None:
        self._token, self._login = token, login
        self._tries, self._told = TokenBuckets(TRIES_PER_MINUTE, 60), TokenBuckets(1, 60)

    async def answer(self, scope: Scope, headers: HeaderMap, receive: Receive) -> Response | None:
        """Return the login page's answer, or the way there; None where the request may pass.

        Raises:
            AccessDenied: the request has neither token nor session, or a wrong one.
            RateExceeded: its client sent too many wrong tokens.
        """
        path, method = _path_of(scope), scope["method"]
        if path == OPEN_PATH:
            return None
        if path == LOGIN:
            return await self._at_login(scope, headers, receive)
        bearer = bearer_of(headers)
        if bearer is None and not self._token.has_session(headers):
            if path == PAGE and method in {"GET", "HEAD"}:
                foreign = headers.get(b"sec-fetch-site") == b"cross-site"
                return ask_again() if foreign else ask_to_log_in(scope["query_string"].decode("latin-1"))
            raise AccessDenied(given=False)
        if bearer is not None and not self._try(bearer, client_of(scope)):
            raise AccessDenied(given=True)
        if path == LOGOUT and method == "POST":
            return self._login.end(secure=_is_secure(scope))
        return None

    async def _at_login(self, scope: Scope, headers: HeaderMap, receive: Receive) -> Response:
        if scope["method"] != "POST":
            back = _first(scope["query_string"].decode("latin-1"), "back")
            return self._login.show_session(back) if self._token.has_session(headers) else self._login.show(back)
        form = await read_form(receive)
        if form is None:
            return self._login.show("", status=400, wrong="That is too long to be the token, or did not come whole.")
        back = form.get("back", "")
        try:
            right = self._try(form.get("token", "").strip(), client_of(scope))
        except RateExceeded as refusal:
            return self._login.show(back, status=429, wrong=str(refusal), retry_s=refusal.retry_s)
        if not right:
            return self._login.show(back, status=401, wrong="That is not the token.")
        return self._login.begin(self._token.make_cookie(), back, secure=_is_secure(scope))

    def _try(self, given: str, client: str) -> bool:
        """Return whether this is the token. A client without tries left is not told, even if it is.

        Raises:
            RateExceeded: the client has no tries left.
        """
        wait_s = self._tries.wait_s(client)
        if wait_s:
            raise RateExceeded("wrong access tokens", wait_s)
        right = self._token.is_right(given)
        if not right:
            self._tries.take(client)
            if self._tries.wait_s(client) and not self._told.wait_s(""):
                self._told.take("")  # one line a minute, of all clients
                log.warning("%d wrong access tokens came from %s; its next tries wait.", TRIES_PER_MINUTE, client)
        return right


def _kept_private(send: Send) -> Send:
    async def send_private(message: Message) -> None:
        if message["type"] == "http.response.start":
            MutableHeaders(scope=message)["cache-control"] = KEPT
        await send(message)

    return send_private


def _path_of(scope: Scope) -> str:
    """Return the path as the routes see it, below the prefix that a proxy may have."""
    path: str = scope["path"]
    prefix: str = scope.get("root_path", "")
    return path.removeprefix(prefix) if prefix and path.startswith(f"{prefix}/") else path


def _is_secure(scope: Scope) -> bool:
    return bool(scope.get("scheme") == "https")


def _first(query_string: str, name: str) -> str:
    try:
        return parse_qs(query_string, max_num_fields=8).get(name, [""])[0]
    except ValueError:
        return ""
