"""Where the deployed stack keeps its files, and how they get there. `runtime/artefacts/aws.py` reads them."""

from collections.abc import Iterator
from io import BytesIO
from mimetypes import guess_type
from pathlib import Path
from typing import Any, BinaryIO

from runtime.artefacts.aws import named_failures, open_client
from runtime.errors import RemoteRefused

ADDRESSES = ("IndexUrl", "ModelsUrl", "ImagesUrl", "PreviewsUrl", "PageUrl")
OUTPUTS = ("FunctionName", "FunctionUrl", *ADDRESSES, "PicturesArePublic")
REMEDY = "Check the stack, the AWS credentials and the region, and that they may write there."
SHA256 = "sha256"  # kept with each object of an artefact, so that what lies there already is not sent again


def read_outputs(stack: str) -> dict[str, str]:
    """Return the outputs of a deployed stack of template.yaml.

    Raises:
        RemoteRefused: there is no such stack, or AWS cannot be asked.
    """
    name = f"The stack {stack}"
    client = open_client("cloudformation")
    with named_failures(name, REMEDY):
        [described] = client.describe_stacks(StackName=stack)["Stacks"]
    outputs = {output["OutputKey"]: str(output["OutputValue"]) for output in described.get("Outputs", [])}
    missing = [output for output in OUTPUTS if output not in outputs]
    if missing:
        raise RemoteRefused(name, f"its outputs lack {', '.join(missing)}", "Deploy template.yaml: make deploy.")
    return outputs


def start_anew(function: str, reason: str) -> None:
    """Let new environments of the function replace those that run: any change of its configuration does, so its description.

    Raises:
        RemoteRefused: it may not be changed.
    """
    client = open_client("lambda")
    with named_failures(f"The function {function}", REMEDY):
        client.update_function_configuration(FunctionName=function, Description=reason)


class S3Folder:
    """The objects below one `s3://bucket/prefix`, for writing."""

    def __init__(self, url: str, client: Any = None) -> None:  # noqa: ANN401 (made at run time, has no type)
        """Keep the address; `client` is boto3's of S3, made here unless given."""
        self.url = url.rstrip("/")
        self._bucket, _, prefix = self.url.removeprefix("s3://").partition("/")
        self._prefix = f"{prefix}/" if prefix else ""
        self._client = client or open_client("s3")

    def paths(self) -> dict[str, tuple[int, float]]:
        """Return length and time of writing (in seconds since 1970) of every object, by its path below the prefix."""
        found = {}
        with named_failures(self.url, REMEDY):
            pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=self._prefix)
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
        with named_failures(f"{self.url}/{path}", REMEDY):
            return bytes(self._client.get_object(Bucket=self._bucket, Key=self._key(path))["Body"].read())

    def write(
        self,
        path: str,
        content: Path | bytes | BinaryIO,
        *,
        cache: str,
        sha256: str | None = None,
        media_type: str | None = None,
    ) -> None:
        """Write an object by boto3's managed transfer: a large one in parts, and there whole or not at all.

        `media_type` is told by the path unless it is given.

        Raises:
            RemoteRefused: S3 did not take it.
        """
        described = {
            "ContentType": media_type or guess_type(path)[0] or "application/octet-stream",
            "CacheControl": cache,
            "Metadata": {SHA256: sha256} if sha256 else {},
        }
        with named_failures(f"{self.url}/{path}", REMEDY):
            opened = content.open("rb") if isinstance(content, Path) else content
            with BytesIO(opened) if isinstance(opened, bytes) else opened as body:
                self._client.upload_fileobj(body, self._bucket, self._key(path), ExtraArgs=described)

    def remove(self, paths: Iterator[str]) -> None:
        """Remove objects; one that is not there is no mistake."""
        for path in paths:
            with named_failures(f"{self.url}/{path}", REMEDY):
                self._client.delete_object(Bucket=self._bucket, Key=self._key(path))

    def _key(self, path: str) -> str:
        return f"{self._prefix}{path}"
