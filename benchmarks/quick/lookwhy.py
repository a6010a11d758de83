"""Lookwhy's searches, as the function's handler answers them: python -m benchmarks.quick.lookwhy. Prints figures as JSON."""

import json
import time

import handler
from benchmarks.quick.figures import QUERIES, median_cpu_ms, peak_mb

HOST = "a.lambda-url.eu-central-1.on.aws"


class Context:
    """What Lambda gives with an event."""

    aws_request_id = "1"


def search(query: str, *, explain: bool) -> None:
    """Send one search through the handler; an answer that is no 200 raises an AssertionError."""
    http = {"method": "POST", "path": "/search", "sourceIp": "203.0.113.7", "protocol": "HTTP/1.1", "userAgent": ""}
    event = {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": "/search",
        "rawQueryString": "",
        "headers": {"host": HOST, "content-type": "application/json"},
        "requestContext": {"http": http, "domainName": HOST, "requestId": "1"},
        "body": json.dumps({"query": query, "top_k": 5, "explain": explain}),
        "isBase64Encoded": False,
    }
    answer = handler.handler(event, Context())
    assert answer["statusCode"] == 200, answer


def main() -> None:
    """Print the figures of a start and of warm searches."""
    search(QUERIES[0], explain=False)
    figures = {"start_ms": time.process_time() * 1e3}
    figures["search_ms"] = median_cpu_ms(lambda query: search(query, explain=False))
    figures["explained_ms"] = median_cpu_ms(lambda query: search(query, explain=True))
    print(json.dumps(figures | {"peak_mb": peak_mb()}))


if __name__ == "__main__":
    main()
