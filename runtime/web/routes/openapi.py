"""What the OpenAPI document says of answers: the errors of a route by status, and the types of what is no JSON."""

from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI

from runtime.web.schemas import ErrorBody

Answers = dict[int | str, dict[str, Any]]

RETRY_AFTER = {
    "retry-after": {"description": "In how many seconds to try again", "schema": {"type": "integer", "minimum": 1}}
}
ERRORS: Mapping[int, str] = {
    400: "The request cannot be read as HTTP, or its Range header cannot",
    403: "This is not for who asks",
    404: "There is no such picture",
    408: "The body did not come whole in time",
    412: "It is another file than If-Match or If-Unmodified-Since names",
    413: "The body is over the limit, or the picture in it is",
    415: "The body is of a kind that the route does not take",
    416: "The file ends before the range that is asked for begins",
    422: "The request is not what the route takes",
    429: "This client asks too often",
    500: "Something went wrong that the log explains",
    501: "This server has not what that needs",
    503: "Too many searches wait, or what the server needs is not there now",
}
WAITED_FOR = {429, 503}
QUEUED_ERRORS = (408, 413, 415, 422, 429, 500, 503)
# Not as {"model": ErrorBody}, of which FastAPI builds a form for each error of each route: 150 of them, 30 ms of each start.
SCHEMAS = "#/components/schemas/"
IN_THE_ONE_FORM = {"application/json": {"schema": {"$ref": f"{SCHEMAS}{ErrorBody.__name__}"}}}
EVERY_ERROR: Answers = {
    "4XX": {"description": "The request is at fault; the message says how to mend it", "content": IN_THE_ONE_FORM},
    "5XX": {"description": "The server is at fault", "content": IN_THE_ONE_FORM},
}
BINARY = {"schema": {"type": "string", "format": "binary"}}
PICTURE: Answers = {
    200: {"description": "The picture", "content": {"image/*": BINARY}},
    206: {"description": "The part of it that is asked for", "content": {"image/*": BINARY, "multipart/byteranges": BINARY}},
    304: {"description": "The client has it already"},
}
FIGURES: Answers = {200: {"description": "The counters", "content": {"text/plain": {"schema": {"type": "string"}}}}}


class DescribedApp(FastAPI):
    """An app whose document has the form of errors, too, which its routes name."""

    def openapi(self) -> dict[str, Any]:
        """Return the document, made at the first call."""
        is_made = self.openapi_schema is not None
        described = super().openapi()
        if not is_made:
            form = ErrorBody.model_json_schema(ref_template=SCHEMAS + "{model}")
            parts: dict[str, Any] = described["components"]["schemas"]
            parts |= form.pop("$defs") | {ErrorBody.__name__: form}
            described["components"]["schemas"] = dict(sorted(parts.items()))
        return described


def errors(*statuses: int, descriptions: Mapping[int, str] | None = None) -> Answers:
    """Return what is said of these statuses: the one form, and when to come back."""
    said = {**ERRORS, **(descriptions or {})}
    answers: Answers = {status: {"description": said[status], "content": IN_THE_ONE_FORM} for status in statuses}
    for status in WAITED_FOR & answers.keys():
        answers[status]["headers"] = {"retry-after": RETRY_AFTER}
    return answers
