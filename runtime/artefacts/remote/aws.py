"""The only file that imports boto3: reads from S3 and Secrets Manager, opens other clients, names errors in a few words.

boto3 is imported at the first call (0.4 s with a client): without a bucket or a secret, it need not even be installed. It
finds region and credentials itself. On Lambda, `signed_s3.py` reads what S3 gives at once.
"""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from time import sleep
from typing import Any
from weakref import WeakSet

from runtime.artefacts.remote.remote_faults import AwsFault, RemoteUnreachable, told_faults
from runtime.artefacts.remote.signed_s3 import SignedS3
from runtime.errors import RemoteRefused

CHUNK_BYTES = 1 << 20
RETRIED_AFTER_S = (0.5, 1.0)  # the rest of an answer that broke off; botocore asks again only where there was none


@dataclass(frozen=True)
class ClientLimits:
    """How boto3 calls: how long it waits for a connection and for an answer, and how many tries follow the first, and how.

    `mode` is botocore's: "adaptive" slows down, too, where AWS says that there are too many calls. `connections` are kept.
    """

    connect_s: float = 2
    read_s: float = 5
    retries: int = 2
    mode: str = "standard"
    connections: int = 10


SEARCHING = ClientLimits()  # a search waits for the key at most this long


def open_client(service: str, limits: ClientLimits = SEARCHING) -> Any:  # noqa: ANN401 (made at run time, has no type)
    """Return boto3's client of a service, with limits that fit a search unless others are given.

    Raises:
        RemoteRefused: boto3 is not installed, lacks a region, or is to ask what is no address.
    """
    with named_failures(f"AWS {service}", 'Install boto3 (pip install "lookwhy[aws]"), and set AWS_REGION.'):
        import boto3
        from botocore.config import Config
        from botocore.exceptions import BotoCoreError

        config = Config(
            connect_timeout=limits.connect_s,
            read_timeout=limits.read_s,
            retries={"max_attempts": limits.retries, "mode": limits.mode},
            max_pool_connections=limits.connections,
        )
        try:
            return boto3.client(service, config=config)
        except ValueError as cause:
            if isinstance(cause, BotoCoreError):
                raise
            given = "AWS_ENDPOINT_URL or endpoint_url in ~/.aws/config is no address"
            raise RemoteRefused(f"AWS {service}", given, "Give one such as https://s3.example.com.") from cause


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
        self._signed = SignedS3.of(self._name, os.environ)
        self.tags: dict[str, str] = {}  # of the objects as they were read last
        _BUCKETS.add(self)

    def close(self) -> None:
        """Close the connections, if there are any."""
        if self._client is not None:
            self._client.close()
        if self._signed:
            self._signed.close()

    def tag(self, path: str) -> str:
        """Return what tells the object at `path` from another one in its place; it is not read.

        Raises:
            RemoteRefused: S3 did not say.
        """
        if self._signed:
            with self._signed.asked("HEAD", self._key(path)) as answer:
                if answer:
                    return _tag_of(answer.headers)
        self._client = self._client or open_client("s3")
        with named_failures(f"{self.url}/{path}", self._remedy):
            return _tag_of(_headers_of(self._client.head_object(Bucket=self._name, Key=self._key(path))))

    def chunks(self, path: str) -> Iterator[bytes]:
        """Yield the content of the object at `path` below the prefix, in pieces of `CHUNK_BYTES` at most.

        Where an answer breaks off, the rest is asked for again, of the same object.

        Raises:
            RemoteAbsent: there is no such object.
            RemoteUnreachable: S3 broke off again and again, or the object was exchanged meanwhile.
            RemoteRefused: S3 did not give it.
        """
        given_bytes, of_the_same = 0, dict[str, str]()
        if self._signed:
            with self._signed.asked("GET", self._key(path)) as answer:
                if answer:
                    self.tags[path], of_the_same = _tag_of(answer.headers), {"IfMatch": answer.headers["etag"]}
                    for chunk in answer.chunks(CHUNK_BYTES):
                        given_bytes += len(chunk)
                        yield chunk
                    if answer.is_whole:
                        return
        for wait_s in (*RETRIED_AFTER_S, None):
            try:
                with named_failures(f"{self.url}/{path}", self._remedy):
                    rest = self._ask(path, of_the_same | ({"Range": f"bytes={given_bytes}-"} if given_bytes else {}))
                    of_the_same = {"IfMatch": rest["ETag"]}
                    for chunk in rest["Body"].iter_chunks(CHUNK_BYTES):
                        given_bytes += len(chunk)
                        yield chunk
                return
            except RemoteUnreachable:
                if wait_s is None or not of_the_same:  # what was never answered, botocore has asked for twice
                    raise
                sleep(wait_s)

    def _ask(self, path: str, asked: Mapping[str, str]) -> Mapping[str, Any]:
        self._client = self._client or open_client("s3")
        answer: Mapping[str, Any] = self._client.get_object(Bucket=self._name, Key=self._key(path), **asked)
        self.tags[path] = _tag_of(_headers_of(answer))
        return answer

    def _key(self, path: str) -> str:
        return f"{self._prefix}/{path}" if self._prefix else path


def _headers_of(answer: Mapping[str, Any]) -> Mapping[str, str]:
    """Return the headers of an answer of boto3, by their names in small letters."""
    headers: Mapping[str, str] = answer["ResponseMetadata"]["HTTPHeaders"]
    return headers


def _tag_of(headers: Mapping[str, str]) -> str:
    """Return an object's ETag and when it was written: the same content may be published again, to mend what lies beside."""
    return f"{headers.get('etag')} {headers.get('last-modified')}"


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
def named_failures(name: str, remedy: str) -> Iterator[None]:
    """Turn what boto3 raises inside into a RemoteRefused about `name`; it quotes no text of AWS's, only its code."""
    try:
        with told_faults():
            yield
    except ImportError:
        raise RemoteRefused(name, "the package boto3 is not installed", remedy) from None
    except AwsFault as fault:
        raise fault.refused(name, remedy) from fault.__cause__
