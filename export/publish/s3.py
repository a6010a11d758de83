"""Where the deployed stack keeps its files, and how they get there. `runtime/artefacts/remote/aws.py` reads them."""

import re
from collections.abc import Callable, Iterable
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

from runtime.artefacts.remote.aws import ClientLimits, named_failures, open_client
from runtime.artefacts.remote.remote_faults import RemoteAbsent, RemoteChanged
from runtime.errors import RemoteRefused
from runtime.web.media_types import media_type_of

ADDRESSES = ("IndexUrl", "ModelsUrl", "ImagesUrl", "PreviewsUrl", "PageUrl")
OUTPUTS = ("FunctionName", "FunctionUrl", *ADDRESSES, "PicturesArePublic")
REMEDY = "Check the stack, the AWS credentials and the region, and that they may write there."
STACK_NAME = r"[A-Za-z][A-Za-z0-9-]{0,127}|arn:\S+"
NO_STACK = "ValidationError"  # CloudFormation's only answer to a name that no stack has
EXCHANGE_TRIES = 3
SHA256 = "sha256"  # kept with each file of a release, so that what lies there already is not sent again
# Large files go over a home's uplink in parts, many at once: a part of 8 MB takes over a minute at 1 Mbit/s.
SENDING = ClientLimits(connect_s=10, read_s=120, retries=6, connections=100)
REMOVED_AT_ONCE = 1000  # as many as S3 takes in one request
NO_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # what XML 1.0 cannot write


def read_outputs(stack: str) -> dict[str, str]:
    """Return the outputs of a deployed stack of template.yaml.

    Raises:
        RemoteRefused: there is no such stack, or AWS cannot be asked.
    """
    name = f"The stack {stack or repr(stack)}"
    client = open_client("cloudformation")
    described: list[dict[str, Any]] = []
    if re.fullmatch(STACK_NAME, stack):
        try:
            with named_failures(name, REMEDY):
                described = client.describe_stacks(StackName=stack)["Stacks"]
        except RemoteRefused as refused:
            if NO_STACK not in refused.reason:
                raise
    if len(described) != 1:
        raise RemoteRefused(name, "there is no such stack in this account and region", f"Name it with --stack. {REMEDY}")
    outputs = {output["OutputKey"]: str(output["OutputValue"]) for output in described[0].get("Outputs", [])}
    missing = [output for output in OUTPUTS if output not in outputs]
    if missing:
        raise RemoteRefused(name, f"its outputs lack {', '.join(missing)}", "Deploy template.yaml: make deploy.")
    return outputs


class S3Folder:
    """The objects below one `s3://bucket/prefix`, for writing. Threads may share it."""

    def __init__(self, url: str, client: Any = None) -> None:  # noqa: ANN401 (made at run time, has no type)
        """Keep the address; `client` is boto3's of S3, made here unless given."""
        self.url = url.rstrip("/")
        self._bucket, _, prefix = self.url.removeprefix("s3://").partition("/")
        self._prefix = f"{prefix}/" if prefix else ""
        self._client = client or open_client("s3", SENDING)

    def paths(self, below: str = "") -> dict[str, tuple[int, float]]:
        """Return length and time of writing (in seconds since 1970) of every object, by its path below the prefix.

        `below` leaves only the paths that begin so.
        """
        found = {}
        with named_failures(self.url, REMEDY):
            pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=self._key(below))
            for entry in (entry for page in pages for entry in page.get("Contents", [])):
                found[entry["Key"].removeprefix(self._prefix)] = entry["Size"], entry["LastModified"].timestamp()
        return found

    def sha256(self, path: str) -> str | None:
        """Return the sha256 that an object was written with, None where it has none."""
        with named_failures(f"{self.url}/{path}", REMEDY):
            metadata: dict[str, str] = self._client.head_object(Bucket=self._bucket, Key=self._key(path))["Metadata"]
        return metadata.get(SHA256)

    def read(self, path: str) -> bytes:
        """Return an object's content."""
        return self.read_tagged(path)[0]

    def read_tagged(self, path: str) -> tuple[bytes, str]:
        """Return an object's content and its ETag.

        Raises:
            RemoteAbsent: there is none.
            RemoteRefused: S3 did not give it.
        """
        with named_failures(f"{self.url}/{path}", REMEDY):
            answer = self._client.get_object(Bucket=self._bucket, Key=self._key(path))
            return bytes(answer["Body"].read()), str(answer["ETag"])

    def write(
        self,
        path: str,
        content: Path | bytes | BinaryIO,
        *,
        cache: str,
        sha256: str | None = None,
        media_type: str | None = None,
        sent: Callable[[int], None] | None = None,
    ) -> None:
        """Write an object by boto3's managed transfer: a large one in parts, and there whole or not at all.

        `media_type` is told by the path unless it is given; `sent` is called with the bytes that were just sent.

        Raises:
            RemoteRefused: S3 did not take it.
        """
        described = {
            "ContentType": media_type or media_type_of(path),
            "CacheControl": cache,
            "Metadata": {SHA256: sha256} if sha256 else {},
        }
        with named_failures(f"{self.url}/{path}", REMEDY):
            opened = content.open("rb") if isinstance(content, Path) else content
            with BytesIO(opened) if isinstance(opened, bytes) else opened as body:
                self._client.upload_fileobj(body, self._bucket, self._key(path), ExtraArgs=described, Callback=sent)

    def exchange(self, path: str, content: bytes, tag: str | None, *, cache: str) -> str | None:
        """Write a small object unless another one was written since; returns its ETag, None where another one was.

        Args:
            path: its path.
            content: its content.
            tag: the ETag of the one that it takes the place of; None where there was none.
            cache: what Cache-Control says of it.

        Raises:
            RemoteRefused: S3 did not take it.
        """
        given = {"Bucket": self._bucket, "Key": self._key(path), "Body": content, "CacheControl": cache}
        given |= {"IfMatch": tag} if tag else {"IfNoneMatch": "*"}
        for _ in range(EXCHANGE_TRIES):
            try:
                with named_failures(f"{self.url}/{path}", REMEDY):
                    return str(self._client.put_object(**given, ContentType="application/json")["ETag"])
            except RemoteChanged:  # or the answer to this one was lost, and boto3 has sent it again
                stands_there, its_tag = self._read_if_there(path)
                if its_tag != tag:
                    return its_tag if stands_there == content else None
            except RemoteAbsent:  # the one before was removed
                return None
        return None  # others were at it each time, and nothing has changed

    def _read_if_there(self, path: str) -> tuple[bytes | None, str | None]:
        try:
            return self.read_tagged(path)
        except RemoteAbsent:
            return None, None

    def remove(self, paths: Iterable[str]) -> int:
        """Remove objects, and return how many; one that is not there is no mistake.

        Raises:
            RemoteRefused: S3 did not remove one.
        """
        removed = list(map(self._key, paths))
        for key in filter(NO_XML.search, removed):  # such a name can stand in an address, but not in a list of them
            with named_failures(self.url, REMEDY):
                self._client.delete_object(Bucket=self._bucket, Key=key)
        keys = [{"Key": key} for key in removed if not NO_XML.search(key)]
        for first in range(0, len(keys), REMOVED_AT_ONCE):
            some = {"Objects": keys[first : first + REMOVED_AT_ONCE], "Quiet": True}
            with named_failures(self.url, REMEDY):
                faults = self._client.delete_objects(Bucket=self._bucket, Delete=some).get("Errors", [])
            if faults:
                name = f"s3://{self._bucket}/{faults[0]['Key']}"
                raise RemoteRefused(name, f"it was not removed, AWS answered {faults[0]['Code']}", REMEDY)
        return len(removed)

    def _key(self, path: str) -> str:
        return f"{self._prefix}{path}"
