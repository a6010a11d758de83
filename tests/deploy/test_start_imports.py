"""What a cold start does not need, it does not import or do: each of these takes milliseconds, and pages of the image."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.deploy.events import url_event
from tests.deploy.published import Published

NOT_NEEDED = {
    "boto3", "botocore.client", "faiss", "prometheus_client", "groq", "httpx", "PIL", "numpy.ma", "uvicorn", "typer", "rich",
    "tokenizers", "runtime.models.blip",
}  # fmt: skip
EVENT = url_event("POST", "/search", headers={"content-type": "application/json"}, body=b'{"query": "a red boat"}')
CODE = f"""
import gc, json, logging, sys, typing  # as Lambda's client has before
import runtime.web.server.heap
def collections():
    return sum(generation["collections"] for generation in gc.get_stats())
before = collections()
import handler
print(collections() - before, gc.isenabled(), gc.get_freeze_count())
class Context:
    aws_request_id = "a1"
answer = handler.handler(json.loads({json.dumps(EVENT)!r}), Context())
assert answer["statusCode"] == 200, answer
import fastapi.openapi.models as models
print(sorted({NOT_NEEDED} & set(sys.modules)), models.OpenAPI.__pydantic_complete__)
"""


@pytest.fixture
def printed(published: Published, tmp_path: Path) -> list[str]:
    """What a start and a first search over an index on S3 print."""
    as_deployed = {"AWS_LAMBDA_FUNCTION_NAME": "lookwhy", "METRICS": "off", "LOG_FORMAT": "json"}
    environment = published.environment(tmp_path / "fetched") | as_deployed
    done = subprocess.run(
        [sys.executable, "-c", CODE], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "Warning" not in done.stderr
    return done.stdout.splitlines()


def test_a_first_search_needs_none_of_these(printed: list[str]) -> None:
    assert printed[-1] == "[] False"


def test_a_start_looks_for_no_garbage_and_what_follows_does(printed: list[str]) -> None:
    collections, is_on, left_out = printed[0].split()
    assert int(collections) <= 3  # while handler.py is compiled; there were 180
    assert is_on == "True"
    assert int(left_out) > 50_000
