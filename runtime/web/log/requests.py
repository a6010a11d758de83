"""RequestLog: one line of the log for each request. Plain ASGI.

It has the route's template, never the path, which may name a picture; no address of the client; and no query, unless
LOG_QUERIES asks for them.
"""

import logging
import re
import secrets
from contextvars import ContextVar
from dataclasses import dataclass
from time import perf_counter

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from runtime.web.middleware import route_of

log = logging.getLogger(__name__)

HEADER = "x-request-id"
GIVEN_ID = re.compile(r"[\w.:+/=-]{1,128}", re.ASCII)  # what proxies send; nothing that could pass for more than an id
ID_BYTES = 8
STAGE = re.compile(r"([\w-]+);dur=([\d.]+)")  # in a Server-Timing header, milliseconds
CUT_OFF = 500  # where an exception was raised before an answer had begun


@dataclass
class LoggedRequest:
    """A request under way: its id, and the words that it asks with, once they are known to be a query."""

    id: str
    query: str | None = None


_current: ContextVar[LoggedRequest | None] = ContextVar("logged_request", default=None)


def current_request() -> LoggedRequest | None:
    """Return the request that this thread or task works for; None without one, or where requests are not logged."""
    return _current.get()


def note_query(query: str) -> None:
    """Keep what the current request asks with, for its line of the log."""
    if request := _current.get():
        request.query = query


class RequestLog:
    """Logs each request once its answer has gone out, and puts its id into the answer's headers."""

    def __init__(self, app: ASGIApp, *, with_queries: bool) -> None:
        self._app, self._with_queries = app, with_queries

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and log it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        start, request, status, stages = perf_counter(), LoggedRequest(_id_of(scope)), CUT_OFF, dict[str, float]()
        token = _current.set(request)

        async def send_noticed(message: Message) -> None:
            nonlocal status, stages
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                status, stages = message["status"], _stages_of(headers)
                headers[HEADER] = request.id
            await send(message)

        try:
            await self._app(scope, receive, send_noticed)
        finally:
            milliseconds = round((perf_counter() - start) * 1000, 2)
            fields = {"method": scope["method"], "route": route_of(scope), "status": status, "ms": milliseconds}
            if self._with_queries and request.query is not None:
                fields["query"] = request.query
            log.info("request", extra={"fields": {**fields, "stages": stages}})
            _current.reset(token)


def _id_of(scope: Scope) -> str:
    """Return AWS's id of an invocation, else the one that a proxy gave, else a new one."""
    invocation = getattr(scope.get("aws.context"), "aws_request_id", None)
    given = Headers(scope=scope).get(HEADER, "")
    return invocation or (given if GIVEN_ID.fullmatch(given) else secrets.token_hex(ID_BYTES))


def _stages_of(headers: Headers | MutableHeaders) -> dict[str, float]:
    return {stage: float(ms) for value in headers.getlist("server-timing") for stage, ms in STAGE.findall(value)}
