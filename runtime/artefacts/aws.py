"""The only file that imports boto3: reads from S3 and Secrets Manager, opens other clients, names errors in a few words.

boto3 is imported at the first call (0.4 s with a client): without a bucket or a secret, it need not even be installed. It
finds region and credentials itself, as on Lambda.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from weakref import WeakSet

from runtime.errors import RemoteRefused

CONNECT_TIMEOUT_S, READ_TIMEOUT_S, MAX_ATTEMPTS = 2, 5, 2  # a search waits for the key at most this long
CHUNK_BYTES = 1 << 20
PASSING_STATUSES, FIRST_OWN_FAULT = {408, 429}, 500  # with which AWS says: later
# The error codes of S3 and Secrets Manager, in our words. An answer without a body has 404 or 403 alone.
REASONS = {
    "NoSuchKey": "there is no such object",
    "404": "there is no such object",
    "NoSuchBucket": "there is no such bucket",
    "ResourceNotFoundException": "there is no such secret",
    "NotFoundException": "there is no such index of vectors",
    "AccessDenied": "permission is denied",
    "AccessDeniedException": "permission is denied",
    "403": "permission is denied",
}


@dataclass(frozen=True)
class ClientLimits:
    """How boto3 calls: how long one try may take, how many follow the first, how, and how many calls run at once."""

    read_timeout_s: float = READ_TIMEOUT_S
    retries: int = MAX_ATTEMPTS
    mode: str = "standard"  # "adaptive" slows down, too, where AWS says that there are too many calls
    connections: int = 10


SEARCHING = ClientLimits()


class AwsFault(Exception):
    """A call of AWS failed; `is_passing`: the same call may succeed later. Its text is ours, and has AWS's `code` alone."""

    def __init__(self, code: str, reason: str, *, is_passing: bool) -> None:
        super().__init__(reason)
        self.code, self.is_passing = code, is_passing


def open_client(service: str, limits: ClientLimits = SEARCHING) -> Any:  # noqa: ANN401 (made at run time, has no type)
    """Return boto3's client of a service, with timeouts that fit a search unless it is given others.

    Raises:
        RemoteRefused: boto3 is not installed, or lacks a region.
    """
    with named_failures(f"AWS {service}", 'Install boto3 (pip install "lookwhy[aws]"), and set AWS_REGION.'):
        import boto3
        from botocore.config import Config

        config = Config(
            connect_timeout=CONNECT_TIMEOUT_S,
            read_timeout=limits.read_timeout_s,
            retries={"max_attempts": limits.retries, "mode": limits.mode},
            max_pool_connections=limits.connections,
        )
        return boto3.client(service, config=config)


_BUCKETS: "WeakSet[Bucket]" = WeakSet()


def close_connections() -> None:
    """Close the connections to S3. The next request opens its own: those of a process that was copied lead nowhere."""
    for bucket in _BUCKETS:
        bucket.close()


class Bucket:
    """Objects below one `s3://bucket/prefix`."""

    def __init__(self, url: str, remedy: str) -> None:
        """Keep the address; no request is made yet. `remedy` ends the message of every error."""
        self.url, self._remedy = url.rstrip("/"), remedy
        self._name, _, self._prefix = self.url.removeprefix("s3://").partition("/")
        self._client: Any = None
        self.tags: dict[str, str] = {}  # of the objects as they were read last
        _BUCKETS.add(self)

    def close(self) -> None:
        """Close the connections, if there are any."""
        if self._client is not None:
            self._client.close()

    def tag(self, path: str) -> str:
        """Return what tells the object at `path` from another one in its place; it is not read.

        Raises:
            RemoteRefused: S3 did not say.
        """
        self._client = self._client or open_client("s3")
        with named_failures(f"{self.url}/{path}", self._remedy):
            return _tag_of(self._client.head_object(Bucket=self._name, Key=self._key(path)))

    def chunks(self, path: str) -> Iterator[bytes]:
        """Yield the content of the object at `path` below the prefix, in pieces of `CHUNK_BYTES`.

        Raises:
            RemoteRefused: S3 did not give it, or broke off.
        """
        self._client = self._client or open_client("s3")
        with named_failures(f"{self.url}/{path}", self._remedy):
            answer = self._client.get_object(Bucket=self._name, Key=self._key(path))
            self.tags[path] = _tag_of(answer)
            yield from answer["Body"].iter_chunks(CHUNK_BYTES)

    def _key(self, path: str) -> str:
        return f"{self._prefix}/{path}" if self._prefix else path


def _tag_of(answer: Mapping[str, Any]) -> str:
    """Return an object's ETag and when it was written: the same content may be published again, to mend what lies beside."""
    return f"{answer.get('ETag')} {answer.get('LastModified')}"


def read_secret(secret_id: str) -> str:
    """Return the text of a secret, by its name or ARN.

    Raises:
        RemoteRefused: Secrets Manager did not give it.
    """
    remedy = "Check GROQ_SECRET_ID, and that the function may call secretsmanager:GetSecretValue for it."
    client = open_client("secretsmanager")
    with named_failures(f"The secret {secret_id}", remedy):
        return str(client.get_secret_value(SecretId=secret_id).get("SecretString", ""))


@contextmanager
def told_faults() -> Iterator[None]:
    """Turn what a client of boto3 raises inside into an AwsFault."""
    from botocore import exceptions as boto

    try:
        yield
    except boto.ClientError as cause:
        code = str(cause.response.get("Error", {}).get("Code", "unknown"))
        status = cause.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        is_passing = status in PASSING_STATUSES or status >= FIRST_OWN_FAULT
        raise AwsFault(code, REASONS.get(code, f"AWS answered {code}"), is_passing=is_passing) from cause
    except boto.BotoCoreError as cause:
        no_answer = isinstance(cause, boto.HTTPClientError | boto.ConnectionError | boto.IncompleteReadError)
        name = type(cause).__name__
        raise AwsFault(name, f"AWS could not be asked ({name})", is_passing=no_answer) from cause


@contextmanager
def named_failures(name: str, remedy: str) -> Iterator[None]:
    """Turn what boto3 raises inside into a RemoteRefused about `name`; it quotes no text of AWS's, only its code."""
    try:
        from botocore.exceptions import BotoCoreError, ClientError
    except ImportError:
        raise RemoteRefused(name, "the package boto3 is not installed", remedy) from None
    try:
        yield
    except ClientError as cause:
        code = str(cause.response.get("Error", {}).get("Code", "unknown"))
        raise RemoteRefused(name, REASONS.get(code, f"AWS answered {code}"), remedy) from cause
    except BotoCoreError as cause:  # no credentials, no region, no answer
        raise RemoteRefused(name, f"AWS could not be asked ({type(cause).__name__})", remedy) from cause
