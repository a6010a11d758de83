"""Whole events of a function URL (payload 2.0), as a browser's request arrives in the function."""

import asyncio
import base64
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote

HOST = "abcd1234.lambda-url.eu-central-1.on.aws"
TEXTUAL = ("text/", "application/json")


def url_event(
    method: str = "GET",
    path: str = "/",
    *,
    headers: dict[str, str] | None = None,
    body: bytes = b"",
    cookies: list[str] | None = None,
) -> dict[str, Any]:
    """Return the event; a body that is no text travels as base64, as function URLs send it."""
    given = {"host": HOST, "x-forwarded-proto": "https", "x-forwarded-for": "203.0.113.7", "user-agent": "Mozilla/5.0"}
    given |= {name.lower(): value for name, value in (headers or {}).items()}
    event: dict[str, Any] = {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": quote(path),
        "rawQueryString": "",
        "headers": given,
        "requestContext": {
            "accountId": "anonymous",
            "apiId": "abcd1234",
            "domainName": HOST,
            "domainPrefix": "abcd1234",
            "http": {"method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "203.0.113.7", "userAgent": "x"},
            "requestId": "00000000-0000-0000-0000-000000000001",
            "routeKey": "$default",
            "stage": "$default",
            "time": "23/Nov/2026:07:27:40 +0000",
            "timeEpoch": 1795418860000,
        },
        "isBase64Encoded": False,
    }
    if cookies:
        event["cookies"] = cookies
    if body:
        given["content-length"] = str(len(body))
        is_text = given.get("content-type", "").startswith(TEXTUAL)
        event["body"] = body.decode() if is_text else base64.b64encode(body).decode()
        event["isBase64Encoded"] = not is_text
    return event


def form_with_picture(picture: bytes, **fields: str) -> tuple[bytes, dict[str, str]]:
    """Return a multipart body as a browser builds it, and its headers."""
    boundary = "----WebKitFormBoundary7MA4YWxkTrZu0gW"
    parts = [f'name="{name}"\r\n\r\n{value}'.encode() for name, value in fields.items()]
    parts.append(b'name="image"; filename="p\xc3\xa4r.jpg"\r\ncontent-type: image/jpeg\r\n\r\n' + picture)
    body = b"".join(b"--%s\r\ncontent-disposition: form-data; %s\r\n" % (boundary.encode(), part) for part in parts)
    return body + f"--{boundary}--\r\n".encode(), {"content-type": f"multipart/form-data; boundary={boundary}"}


@contextmanager
def loop_of_this_thread() -> Iterator[None]:
    """Hold an event loop for Mangum, which takes the thread's own and leaves it open."""
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    try:
        yield
    finally:
        loop.close()
        asyncio.set_event_loop(None)
