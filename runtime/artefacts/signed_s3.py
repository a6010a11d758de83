"""SignedS3: plain answers of S3 on Lambda without boto3, whose import and first client take 0.2 s of each cold start.

Owns AWS's signature (version 4) of a GET and a HEAD, and connections that are kept. Knows success alone: an error, a
redirect, no answer at all are None, and for `aws.py` to ask boto3, which tries again and names faults. Where anything of the
environment asks for more than Lambda's own variables, there is no SignedS3.
"""

import hashlib
import hmac
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Literal, Self
from urllib.parse import quote, urlsplit

if TYPE_CHECKING:
    import ssl
    from http.client import HTTPConnection, HTTPResponse

Method = Literal["GET", "HEAD"]
ALGORITHM, NO_BODY_SHA256 = "AWS4-HMAC-SHA256", hashlib.sha256(b"").hexdigest()
REGION = re.compile(r"(af|ap|ca|eu|il|me|mx|sa|us)-[a-z]+-\d")  # whose hosts are below amazonaws.com
HOST_BUCKET = re.compile(r"[a-z0-9-]+")  # with a dot in it, a name would not match the certificate
FOR_BOTO3 = (
    "HTTPS_PROXY",
    "https_proxy",
    "AWS_CA_BUNDLE",
    "AWS_PROFILE",
    "AWS_USE_FIPS_ENDPOINT",
    "AWS_USE_DUALSTACK_ENDPOINT",
)
CONNECT_S, READ_S, OK = 2, 5, 200  # as boto3 waits


@dataclass(frozen=True)
class Credentials:
    """Who asks; the token is what temporary keys come with, such as Lambda's."""

    key_id: str
    secret: str
    token: str | None = None


def sign(method: Method, host: str, path: str, who: Credentials, region: str, at: datetime) -> dict[str, str]:
    """Return the headers of a request without a body and without a query, as S3 takes them for 15 minutes around `at`.

    By https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html; `path` is encoded already.
    """
    stamp = at.strftime("%Y%m%dT%H%M%SZ")
    headers = {"host": host, "x-amz-content-sha256": NO_BODY_SHA256, "x-amz-date": stamp}
    if who.token:
        headers["x-amz-security-token"] = who.token
    names = ";".join(headers)  # in the order of the alphabet
    lines = [f"{name}:{value}" for name, value in headers.items()]
    request = "\n".join((method, path, "", *lines, "", names, NO_BODY_SHA256))
    scope = (stamp[:8], region, "s3", "aws4_request")
    text = "\n".join((ALGORITHM, stamp, "/".join(scope), hashlib.sha256(request.encode()).hexdigest()))
    key = f"AWS4{who.secret}".encode()
    for part in (*scope, text):
        key = hmac.digest(key, part.encode(), "sha256")
    by = f"Credential={who.key_id}/{'/'.join(scope)}, SignedHeaders={names}, Signature={key.hex()}"
    return headers | {"authorization": f"{ALGORITHM} {by}"}


class SignedAnswer:
    """What S3 answered. `is_whole` once all of it was read."""

    def __init__(self, response: "HTTPResponse", *, has_body: bool) -> None:
        """Keep an answer of which only the head is read."""
        self._response = response
        self._left = int(response.headers.get("content-length", -1)) if has_body else 0
        self.headers = {name.lower(): value for name, value in response.headers.items()}

    @property
    def is_whole(self) -> bool:
        """Whether nothing of it is missing."""
        return self._left == 0

    def chunks(self, most_bytes: int) -> Iterator[bytes]:
        """Yield its body in pieces, and end, with `is_whole` False, where the connection breaks off."""
        from http.client import HTTPException

        with suppress(OSError, HTTPException):
            while self._left > 0 and (chunk := self._response.read(min(most_bytes, self._left))):
                self._left -= len(chunk)
                yield chunk


class SignedS3:
    """One bucket. Threads may ask at once: each has a connection of its own while it reads."""

    def __init__(self, address: str, path: str, who: Credentials, region: str) -> None:
        """Keep the scheme and host, and the path that keys are appended to; no request is made yet."""
        self._who, self._region, self._path = who, region, path
        self._scheme, _, self._host = address.partition("://")
        self._idle: list[HTTPConnection] = []

    @classmethod
    def of(cls, bucket: str, environment: Mapping[str, str]) -> Self | None:
        """Return what asks for a bucket's objects by Lambda's variables; None where boto3 is needed for it."""
        given = environment.get
        region = given("AWS_REGION") or given("AWS_DEFAULT_REGION") or ""
        key_id, secret = given("AWS_ACCESS_KEY_ID"), given("AWS_SECRET_ACCESS_KEY")
        # What begins from a snapshot finds its keys elsewhere, anew each time, and has boto3 in the snapshot.
        is_ordinary = "AWS_LAMBDA_FUNCTION_NAME" in environment and given("AWS_LAMBDA_INITIALIZATION_TYPE") != "snap-start"
        if not is_ordinary or not region or not key_id or not secret or any(map(given, FOR_BOTO3)):
            return None
        who = Credentials(key_id, secret, given("AWS_SESSION_TOKEN"))
        if other := given("AWS_ENDPOINT_URL_S3") or given("AWS_ENDPOINT_URL"):
            parts = urlsplit(other)
            return cls(f"{parts.scheme}://{parts.netloc}", f"{parts.path.rstrip('/')}/{bucket}/", who, region)
        if not REGION.fullmatch(region) or not HOST_BUCKET.fullmatch(bucket):
            return None
        return cls(f"https://{bucket}.s3.{region}.amazonaws.com", "/", who, region)

    @contextmanager
    def asked(self, method: Method, key: str) -> "Iterator[SignedAnswer | None]":
        """What S3 answers about an object, to be read inside a `with` block; None where it is no plain success."""
        connection, response = self._response(method, self._path + quote(key))
        answer = SignedAnswer(response, has_body=method == "GET") if response and response.status == OK else None
        try:
            yield answer
        finally:
            if connection and response and answer and answer.is_whole and not response.will_close:
                response.read()  # nothing is left, but only so the connection knows
                self._idle.append(connection)
            elif connection:
                connection.close()

    def close(self) -> None:
        """Close the connections that are kept."""
        while self._idle:
            self._idle.pop().close()

    def _response(self, method: Method, path: str) -> "tuple[HTTPConnection | None, HTTPResponse | None]":
        """Ask over a connection that is kept, or over a new one where the other side has closed it meanwhile."""
        from http.client import HTTPException

        for kept in (True, False):
            connection = None
            with suppress(OSError, HTTPException):
                connection = self._kept() if kept else self._opened()
                if connection:
                    headers = sign(method, self._host, path, self._who, self._region, datetime.now(UTC))
                    connection.request(method, path, headers=headers)
                    return connection, connection.getresponse()
            if connection:
                connection.close()
        return None, None

    def _kept(self) -> "HTTPConnection | None":
        with suppress(IndexError):  # another thread may have taken the last
            return self._idle.pop()
        return None

    def _opened(self) -> "HTTPConnection":
        from http.client import HTTPConnection, HTTPSConnection

        is_plain = self._scheme == "http"
        connection = (
            HTTPConnection(self._host, timeout=CONNECT_S)
            if is_plain
            else HTTPSConnection(self._host, timeout=CONNECT_S, context=_tls())
        )
        connection.connect()
        connection.sock.settimeout(READ_S)
        return connection


@cache
def _tls() -> "ssl.SSLContext":
    """Return what checks certificates; reading the system's list takes milliseconds, so it is read once."""
    import ssl

    return ssl.create_default_context()
