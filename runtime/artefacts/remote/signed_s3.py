"""SignedS3: plain answers of S3 on Lambda without botocore, whose import takes pages and milliseconds of each cold start.

Owns AWS's signature of a GET and a HEAD, equal to botocore's (its test compares them). urllib3, which boto3 brings, keeps
the connections. Knows success alone: an error, a redirect, no answer at all are None, and for `aws.py` to ask boto3, which
tries again and names faults. Where anything of the environment asks for more than Lambda's own variables, there is none.
"""

import hashlib
import hmac
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Literal, Self
from urllib.parse import quote, urlsplit

if TYPE_CHECKING:
    from urllib3 import BaseHTTPResponse, PoolManager

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
CONNECT_S, READ_S, KEPT, OK = 2, 5, 10, 200  # as boto3 waits, and how many connections it keeps


@dataclass(frozen=True)
class Signer:
    """Who asks S3 of a region; the token is what temporary keys come with, such as Lambda's."""

    region: str
    key_id: str
    secret: str = field(repr=False)
    token: str | None = field(default=None, repr=False)

    def headers(self, method: Method, url: str, at: datetime) -> dict[str, str]:
        """Return the headers of a request without body and query, as S3 takes them for 15 minutes around `at` (UTC).

        By https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html; the path is encoded already.
        """
        parts, stamp = urlsplit(url), at.strftime("%Y%m%dT%H%M%SZ")
        headers = {"host": parts.netloc, "x-amz-content-sha256": NO_BODY_SHA256, "x-amz-date": stamp}
        if self.token:
            headers["x-amz-security-token"] = self.token
        names = ";".join(headers)  # in the order of the alphabet
        lines = [f"{name}:{value}" for name, value in headers.items()]
        request = "\n".join((method, parts.path, "", *lines, "", names, NO_BODY_SHA256))
        scope = (stamp[:8], self.region, "s3", "aws4_request")
        text = "\n".join((ALGORITHM, stamp, "/".join(scope), hashlib.sha256(request.encode()).hexdigest()))
        key = f"AWS4{self.secret}".encode()
        for part in (*scope, text):
            key = hmac.digest(key, part.encode(), "sha256")
        by = f"Credential={self.key_id}/{'/'.join(scope)}, SignedHeaders={names}, Signature={key.hex()}"
        return headers | {"authorization": f"{ALGORITHM} {by}"}


class SignedAnswer:
    """What S3 answered. `is_whole` once all of it was read."""

    def __init__(self, response: "BaseHTTPResponse", *, has_body: bool) -> None:
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
        from urllib3.exceptions import HTTPError

        try:
            for chunk in self._response.stream(most_bytes, decode_content=False):
                self._left -= len(chunk)
                yield chunk
        except (OSError, HTTPError):
            return


class SignedS3:
    """One bucket. Threads may ask at once: each has a connection of its own while it reads."""

    def __init__(self, address: str, signer: Signer) -> None:
        """Keep the address that keys are appended to, and who asks; no request is made yet."""
        self._address, self._signer = address, signer

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
        signer = Signer(region, key_id, secret, given("AWS_SESSION_TOKEN"))
        if other := given("AWS_ENDPOINT_URL_S3") or given("AWS_ENDPOINT_URL"):
            return cls(f"{other.rstrip('/')}/{bucket}/", signer)
        if not REGION.fullmatch(region) or not HOST_BUCKET.fullmatch(bucket):
            return None
        return cls(f"https://{bucket}.s3.{region}.amazonaws.com/", signer)

    @contextmanager
    def asked(self, method: Method, key: str) -> "Iterator[SignedAnswer | None]":
        """What S3 answers about an object, to be read inside a `with` block; None where it is no plain success."""
        from urllib3.exceptions import HTTPError

        url = self._address + quote(key)
        headers = self._signer.headers(method, url, datetime.now(UTC))
        try:
            response = self._pool.request(method, url, headers=headers, preload_content=False, redirect=False)
        except HTTPError:
            yield None
            return
        answer = SignedAnswer(response, has_body=method == "GET") if response.status == OK else None
        try:
            yield answer
        finally:
            if answer and answer.is_whole:
                response.release_conn()
            else:  # what is still to come would be taken for the next answer
                response.close()

    def close(self) -> None:
        """Close the connections that are kept."""
        if pool := self.__dict__.pop("_pool", None):
            pool.clear()

    @cached_property
    def _pool(self) -> "PoolManager":
        from certifi import where
        from urllib3 import PoolManager, Timeout

        return PoolManager(maxsize=KEPT, timeout=Timeout(connect=CONNECT_S, read=READ_S), retries=False, ca_certs=where())
