"""How routes are declared: those that wait in the queue, and those that answer GET and HEAD."""

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.routing import APIRoute
from pydantic import BaseModel
from starlette.convertors import PathConvertor, register_url_convertor

from runtime.web.admission import AdmissionQueue
from runtime.web.request_body import RequestBodies
from runtime.web.routes import openapi


class WholePathConvertor(PathConvertor):
    """starlette's own `path` ends at a line break, which a file's name may have."""

    regex = r"[\s\S]*"


register_url_convertor("whole_path", WholePathConvertor())


class QueuedRoute(APIRoute):
    """A route whose body is read, and which then waits for a slot of the app's admission queue.

    Only with a slot is its body parsed, and only then does it get a thread: a client that sends slowly holds neither.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return what answers a request. FastAPI calls it when the route is made; its own handler parses the body."""
        answer = super().get_route_handler()

        async def answer_in_turn(request: Request) -> Response:
            bodies: RequestBodies = request.app.state.request_bodies
            queue: AdmissionQueue = request.app.state.admission_queue
            async with bodies.whole(request.receive) as body, queue.slot(body) as receive:
                return await answer(Request(request.scope, receive))

        return answer_in_turn


def post_queued(
    app: FastAPI, path: str, answers: type[BaseModel], *, takes: str, more_errors: tuple[int, ...] = (404,)
) -> Callable[[Callable[..., Response]], None]:
    """Declare a POST route that waits in the queue. `takes` describes its body; a malformed one is answered with it."""

    def add(endpoint: Callable[..., Response]) -> None:
        responses = openapi.errors(*openapi.QUEUED_ERRORS, *more_errors, descriptions={422: takes})
        app.router.add_api_route(
            path, endpoint, methods=["POST"], response_model=answers, responses=responses, route_class_override=QueuedRoute
        )

    return add


def get(app: FastAPI, path: str, **said: Any) -> Callable[[Callable[..., Any]], None]:  # noqa: ANN401 (FastAPI's own)
    """Declare a GET route, and the HEAD that goes with it; `said` is what the OpenAPI document says of it."""

    def add(endpoint: Callable[..., Any]) -> None:
        app.add_api_route(path, endpoint, methods=["GET"], **said)
        # No document names the second, and such an endpoint makes its answer itself: FastAPI need not build its form.
        unsaid = {"include_in_schema": False} | ({"response_model": None} if "response_model" in said else {})
        app.add_api_route(path, endpoint, methods=["HEAD"], **(said | unsaid))

    return add
