"""A server that plays S3, Secrets Manager, CloudFormation and IAM over HTTP (moto), for the real boto3."""

import contextlib
import json
import os
import subprocess
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from tests.deploy.emulator import sam_tool, wait_for_port
from tests.ports import free_port

REGION = "eu-central-1"
OWNER = {"AWS_ACCESS_KEY_ID": "owner", "AWS_SECRET_ACCESS_KEY": "owners-secret"}  # whom moto asks for no policy


@dataclass(frozen=True)
class Cloud:
    """The server's address, and who asks."""

    url: str
    asks: dict[str, str]

    @property
    def environment(self) -> dict[str, str]:
        """What boto3 must find in a process' environment to ask this server, and nobody else."""
        return self.asks | {"AWS_ENDPOINT_URL": self.url, "AWS_DEFAULT_REGION": REGION, "AWS_EC2_METADATA_DISABLED": "true"}

    def client(self, service: str) -> Any:
        import boto3

        keys = {"aws_access_key_id": OWNER["AWS_ACCESS_KEY_ID"], "aws_secret_access_key": OWNER["AWS_SECRET_ACCESS_KEY"]}
        return boto3.client(service, endpoint_url=self.url, region_name=REGION, **keys)

    def make_bucket(self, name: str) -> None:
        self.client("s3").create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})

    @contextlib.contextmanager
    def for_someone_without_rights(self) -> Iterator["Cloud"]:
        """The same server, asked by a user without any policy, while it looks at policies."""
        iam, name = self.client("iam"), f"nobody-{uuid4()}"
        iam.create_user(UserName=name)
        key = iam.create_access_key(UserName=name)["AccessKey"]
        self._unchecked_calls(0)
        try:
            nobody = {"AWS_ACCESS_KEY_ID": key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]}
            yield Cloud(self.url, nobody)
        finally:
            self._unchecked_calls(float("inf"))

    def _unchecked_calls(self, count: float) -> None:
        plain = {"content-type": "text/plain"}  # flask reads the body of a form away
        request = urllib.request.Request(f"{self.url}/moto-api/reset-auth", str(count).encode(), plain)
        with urllib.request.urlopen(request, timeout=60) as answer:
            assert json.load(answer)["status"] == "ok"


@contextlib.contextmanager
def cloud_served() -> Iterator[Cloud]:
    """The server on a free port, as a process of its own; what is stored in it ends with it."""
    port = free_port()
    command = [str(sam_tool("moto_server")), "-H", "127.0.0.1", "-p", str(port)]
    process = subprocess.Popen(command, env=os.environ | OWNER, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_for_port(port, process)
        yield Cloud(f"http://127.0.0.1:{port}", OWNER)
    finally:
        process.kill()
        process.wait()
