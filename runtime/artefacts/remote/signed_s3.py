"""SignedS3: plain answers of S3 on Lambda without a client of boto3, which costs .14 s of each cold start.

botocore signs and keeps the connections; what a client adds to that, AWS's description of the service and further tries, is
not loaded. Knows success alone: an error, a redirect, no answer at all are None, and for `aws.py` to ask boto3, which tries
again and names faults. Where anything of the environment asks for more than Lambda's own variables, there is no SignedS3.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Literal, Self
from urllib.parse import quote

if TYPE_CHECKING:
    from botocore.auth import S3SigV4Auth
    from botocore.awsrequest import AWSResponse
    from botocore.httpsession import URLLib3Session

Method = Literal["GET", "HEAD"]
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


class SignedAnswer:
    """What S3 answered. `is_whole` once all of it was read."""

    def __init__(self, response: "AWSResponse", *, has_body: bool) -> None:
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
            for chunk in self._response.raw.stream(most_bytes, decode_content=False):
                self._left -= len(chunk)
                yield chunk
        except (OSError, HTTPError):
            return


class SignedS3:
    """One bucket. Threads may ask at once: each has a connection of its own while it reads."""

    def __init__(self, address: str, region: str, key_id: str, secret: str, token: str | None) -> None:
        """Keep the address that keys are appended to, and who asks; no request is made yet."""
        self._address, self._region, self._who = address, region, (key_id, secret, token)

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
        if other := given("AWS_ENDPOINT_URL_S3") or given("AWS_ENDPOINT_URL"):
            return cls(f"{other.rstrip('/')}/{bucket}/", region, key_id, secret, given("AWS_SESSION_TOKEN"))
        if not REGION.fullmatch(region) or not HOST_BUCKET.fullmatch(bucket):
            return None
        address = f"https://{bucket}.s3.{region}.amazonaws.com/"
        return cls(address, region, key_id, secret, given("AWS_SESSION_TOKEN"))

    @contextmanager
    def asked(self, method: Method, key: str) -> "Iterator[SignedAnswer | None]":
        """What S3 answers about an object, to be read inside a `with` block; None where it is no plain success."""
        from botocore.awsrequest import AWSRequest
        from botocore.exceptions import BotoCoreError

        request = AWSRequest(method, self._address + quote(key), stream_output=True)
        self._signer.add_auth(request)
        try:
            response = self._session.send(request.prepare())
        except BotoCoreError:
            yield None
            return
        answer = SignedAnswer(response, has_body=method == "GET") if response.status_code == OK else None
        try:
            yield answer
        finally:
            if answer and answer.is_whole:
                response.raw.release_conn()
            else:  # what is still to come would be taken for the next answer
                response.raw.close()

    def close(self) -> None:
        """Close the connections that are kept."""
        if session := self.__dict__.pop("_session", None):
            session.close()

    @cached_property
    def _signer(self) -> "S3SigV4Auth":
        from botocore.auth import S3SigV4Auth
        from botocore.credentials import Credentials

        return S3SigV4Auth(Credentials(*self._who), "s3", self._region)

    @cached_property
    def _session(self) -> "URLLib3Session":
        from botocore.httpsession import URLLib3Session

        return URLLib3Session(timeout=(CONNECT_S, READ_S))
