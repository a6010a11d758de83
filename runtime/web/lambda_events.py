"""LambdaEvents: what invokes the function without being a request, such as a schedule, a warm-up or the console's test."""

import json
from collections.abc import Callable, Mapping
from typing import Any

AnswerEvent = Callable[[Any, Any], Any]
# Of a request of our own: its answer says that the function lives, and on its way a new release is looked for.
HEALTH = {
    "version": "2.0",
    "rawPath": "/healthz",
    "rawQueryString": "",
    "headers": {"host": "localhost"},
    "requestContext": {"http": {"method": "GET", "path": "/healthz", "protocol": "HTTP/1.1", "sourceIp": "127.0.0.1"}},
    "isBase64Encoded": False,
}


class LambdaEvents:
    """Passes requests on; any other event is answered as `/healthz` is, with {"status": "ok"} where the function works.

    An exception in their place would count as an error of the function, and AWS would try twice more.
    """

    def __init__(self, answer_request: AnswerEvent) -> None:
        """Keep what answers requests."""
        self._answer_request = answer_request

    def __call__(self, event: object, context: object) -> Any:  # noqa: ANN401 (whatever JSON may hold)
        """Return the answer to an event."""
        if _is_request(event):
            return self._answer_request(event, context)
        return json.loads(self._answer_request(HEALTH, context)["body"])


def _is_request(event: object) -> bool:
    """Return whether an event is a request from a function URL, an API gateway, a load balancer or CloudFront.

    Only those have a method, and what Mangum knows them by. A web socket's event and the record that an asynchronous call
    leaves behind have a `requestContext`, too.
    """
    if not isinstance(event, Mapping):
        return False
    records = event.get("Records")
    record = records[0] if isinstance(records, list) and records else None
    is_from_cloudfront = isinstance(record, Mapping) and "cf" in record
    context = event.get("requestContext")
    if is_from_cloudfront or not isinstance(context, Mapping):
        return is_from_cloudfront
    has_method = isinstance(context.get("http"), Mapping) or isinstance(event.get("httpMethod"), str)
    return has_method and ("elb" in context or "resource" in event or "version" in event)
