"""Faults: which error is which status, and the one form in which every error is answered."""

import logging
from collections.abc import Callable, Mapping

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute
from pydantic.fields import FieldInfo
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from runtime.errors import (
    ArtefactError,
    ImageNotFound,
    ImageTooLarge,
    ImageUnreadable,
    LookwhyError,
    Overloaded,
    PicturesUnsupported,
    RemoteRefused,
    RequestError,
    RequestTooLarge,
)
from runtime.library.remote.faults import StoreLacks, StoreUnavailable
from runtime.web.access.refusals import AccessDenied, FolderNotOpened, HostNotAllowed, OriginNotAllowed, RateExceeded
from runtime.web.request_faults import describe_body, describe_faults
from runtime.web.schemas import ErrorBody, FaultBody

log = logging.getLogger(__name__)

# Looked up along an error's ancestry, so a branch of the tree can share one status; what is not listed is 500.
STATUSES: dict[type[LookwhyError], int] = {
    RequestError: 422,
    RequestTooLarge: 413,
    HostNotAllowed: 421,  # as Transmission and the MCP SDKs answer; Django says 400, Rails and Jupyter 403
    OriginNotAllowed: 403,
    AccessDenied: 401,
    FolderNotOpened: 403,
    RateExceeded: 429,
    ImageNotFound: 404,
    ImageTooLarge: 413,
    ImageUnreadable: 422,
    ArtefactError: 503,  # of what is fetched from S3 when it is first needed
    RemoteRefused: 503,
    PicturesUnsupported: 501,
    StoreLacks: 501,
    Overloaded: 503,
}
UNAVAILABLE = "This is temporarily unavailable; the server's log has the cause."
CLIENT_LEFT = 499  # nobody reads this answer; it tells such requests apart in the metrics, as nginx does
NOTHING_HERE = "There is nothing at this address."
WHAT_THERE_IS = "The page, if this server has one, is at /, and /openapi.json lists what programs may ask."
# What starlette and FastAPI themselves answer, in our form.
PLAIN_FAULTS = {
    404: "not_found",
    405: "method_not_allowed",
    408: "request_timeout",
    415: "content_type_unsupported",
    422: "request_malformed",
}


def answer_faults(app: FastAPI, *, count_refusal: Callable[[], None]) -> None:
    """Have the app answer every error in the one form; `count_refusal` is called for each search that is refused."""

    @app.exception_handler(LookwhyError)
    async def known(_request: Request, error: LookwhyError) -> JSONResponse:
        return known_fault(error)

    @app.exception_handler(Overloaded)
    async def overloaded(_request: Request, error: Overloaded) -> JSONResponse:
        count_refusal()
        return known_fault(error)

    @app.exception_handler(ClientDisconnect)
    async def left(_request: Request, _error: ClientDisconnect) -> Response:
        return Response(status_code=CLIENT_LEFT)

    @app.exception_handler(RequestValidationError)
    async def malformed(request: Request, error: RequestValidationError) -> JSONResponse:
        return _malformed(request, describe_faults(error.errors(), _parameters_of(request)))

    @app.exception_handler(HTTPException)
    async def plain(request: Request, error: HTTPException) -> JSONResponse:
        if isinstance(error.__cause__, LookwhyError):  # raised while FastAPI read the body, and covered by its own
            return known_fault(error.__cause__)
        if error.status_code == 400:  # a form or JSON that cannot be parsed
            return _malformed(request, describe_body(str(error.detail)))
        code = PLAIN_FAULTS.get(error.status_code, "request_refused")
        return fault_answer(error.status_code, code, _plain_message(request, error), error.headers)


class UnexpectedFaults:
    """Answers an exception that nobody expected with 500, and logs it. FastAPI's own handler answers past all middleware."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; an answer that has begun is cut off, as its client must not take it for whole."""
        has_begun = False

        async def send_noticed(message: Message) -> None:
            nonlocal has_begun
            has_begun = True
            await send(message)

        try:
            await self._app(scope, receive, send_noticed)
        except Exception:  # what nobody expected: it, too, gets the one form, the headers and a count
            if has_begun or scope["type"] != "http":
                raise
            log.exception("an error that nobody expected, answered with 500")
            answer = fault_answer(500, "internal", "Something went wrong here; the server's log has the cause.")
            await answer(scope, receive, send)


def known_fault(error: LookwhyError) -> JSONResponse:
    """Return the answer to one of our errors; what is the server's own fault is logged.

    An overload is not, nor is an engine that is away: what asks it logs when it goes, and when it returns. Folders, buckets
    and settings are no business of a visitor's: that they are at fault, only the log says.
    """
    status = next((STATUSES[kind] for kind in type(error).__mro__ if kind in STATUSES), 500)
    if status >= 500 and not isinstance(error, Overloaded | StoreUnavailable | StoreLacks):
        log.error("%s", error, exc_info=error.__cause__)
    message = UNAVAILABLE if isinstance(error, ArtefactError | RemoteRefused) else str(error)
    return fault_answer(status, error.code, message, _headers_of(error))


def _headers_of(error: LookwhyError) -> dict[str, str]:
    match error:
        case Overloaded() | RateExceeded() | StoreUnavailable():
            return {"retry-after": str(error.retry_s)}
        case AccessDenied():
            wrong = ', error="invalid_token"' if error.given else ""
            return {"www-authenticate": f'Bearer realm="Lookwhy"{wrong}', "cache-control": "no-store"}
        case _:
            return {}


def fault_answer(status: int, code: str, message: str, headers: Mapping[str, str] | None = None) -> JSONResponse:
    """Return an error in the one form."""
    body = ErrorBody(error=FaultBody(code=code, message=message))
    return JSONResponse(body.model_dump(), status_code=status, headers=headers)


def _plain_message(request: Request, error: HTTPException) -> str:
    """Return what starlette's error says; where that is the status's name alone, what can be done."""
    match error.status_code, error.headers:
        case 404, _:
            return f"{NOTHING_HERE} {WHAT_THERE_IS}"
        case 405, {"Allow": allowed}:
            return f"This address does not answer {request.method}; it answers {allowed}."
        case _:
            return str(error.detail)


def _malformed(request: Request, message: str) -> JSONResponse:
    return fault_answer(422, "request_malformed", f"{message} {_taken_by(request)}".strip())


def _parameters_of(request: Request) -> list[tuple[str, FieldInfo]]:
    """Return what the route takes: in its path, in its query string and in its body."""
    route = request.scope.get("route")
    if not isinstance(route, APIRoute):
        return []
    taken = route.dependant
    return [(one.alias, one.field_info) for one in (*taken.path_params, *taken.query_params, *taken.body_params)]


def _taken_by(request: Request) -> str:
    """Return what the body of a request to this route must be, as its description says; empty where it takes none."""
    route = request.scope.get("route")
    return route.responses.get(422, {}).get("description", "") if isinstance(route, APIRoute) else ""
