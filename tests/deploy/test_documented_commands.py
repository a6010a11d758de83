"""The documents' commands that need AWS, as they stand there: against moto, CloudFront's functions and AWS's models."""

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from botocore import xform_name
from botocore.session import get_session

from tests.conftest import ROOT
from tests.deploy.cloud import Cloud
from tests.deploy.cloudfront.edge import Distribution, distribution_served, needs_engine
from tests.deploy.emulator import emulated
from tests.deploy.test_publish_commands import make_stack
from tests.deploy.writes import Writes, bucket, writes
from tests.documents import Command, all_commands, commands_of
from tests.sample_library import MODELS, SampleLibrary, served

__all__ = ["bucket", "writes"]  # fixtures
PAGE = commands_of(ROOT / "docs/lambda.md")
PUBLISHING = [command.text for command in PAGE if command.text.startswith("lookwhy publish")]
AWS = [command for command in all_commands() if command.text.startswith("aws ")]
TOKEN = "the-token_of.these~tests"
SITE = "https://d111111abcdef8.cloudfront.net"
LOOKWHY = f"""#!/bin/sh
exec {sys.executable} {ROOT}/lookwhy.py "$@"
"""


@pytest.fixture
def checkout(sample_library: SampleLibrary, cloud: Cloud, tmp_path: Path) -> tuple[Path, dict[str, str]]:
    """A folder with models and index where the commands look for them, and an environment with `lookwhy` in its path."""
    for name, source in (("models", MODELS), ("index", sample_library.index)):
        (tmp_path / "artifacts").mkdir(exist_ok=True)
        (tmp_path / "artifacts" / name).symlink_to(source)
    (tmp_path / "frontend").symlink_to(ROOT / "frontend")
    (tmp_path / "lookwhy").write_text(LOOKWHY, "utf-8")
    (tmp_path / "lookwhy").chmod(0o755)
    path = f"{tmp_path}:{os.environ['PATH']}"
    return tmp_path, cloud.environment | {"PATH": path, "HOME": str(tmp_path), "PYTHONPATH": str(ROOT), "LANG": "C.UTF-8"}


def run(text: str, folder: Path, environment: dict[str, str]) -> "subprocess.CompletedProcess[str]":
    shell = ["bash", "-euo", "pipefail", "-c", text]
    return subprocess.run(shell, cwd=folder, env=environment, capture_output=True, text=True, timeout=300, check=False)


def test_every_command_that_publishes_works_in_the_order_of_the_page(
    checkout: tuple[Path, dict[str, str]], cloud: Cloud, bucket: str, writes: Writes
) -> None:
    make_stack(cloud, bucket, "lookwhy")
    assert {text.split()[2] for text in PUBLISHING} == {"release", "list", "rollback", "prune", "page"}
    for text in PUBLISHING:
        done = run(text, *checkout)
        assert done.returncode == 0, f"{text}: {done.stderr}"
    keys = {found["Key"] for found in writes.list_objects_v2(Bucket=bucket)["Contents"]}
    assert {"index/release.json", "index.html"} <= keys


@pytest.fixture
def site(sample_library: SampleLibrary, tmp_path: Path) -> Iterator[str]:
    """The stack's address: CloudFront's functions before the function."""
    behind = sample_library.environment | {"ACCESS_TOKEN": TOKEN, "BEHIND_CLOUDFRONT": "true"}
    with (
        served(sample_library) as (page, _),
        emulated(behind, tmp_path / "log") as function,
        distribution_served(Distribution(page, function, TOKEN)) as address,
    ):
        yield address


@needs_engine
def test_the_program_of_the_page_searches_through_cloudfront(site: str, tmp_path: Path) -> None:
    lines = [command.text for command in PAGE if SITE in command.text or command.text.startswith("body=")]
    assert len(lines) == 2
    text = "\n".join(lines).replace(SITE, site)
    assert "results" in run(text, tmp_path, {"PATH": os.environ["PATH"], "TOKEN": TOKEN}).stdout
    without_hash = re.sub(r'-H "x-amz-content-sha256: [^"]+"', "", text)
    assert "body_hash_missing" in run(without_hash, tmp_path, {"PATH": os.environ["PATH"], "TOKEN": TOKEN}).stdout


@pytest.mark.parametrize("command", AWS, ids=lambda command: command.text)
def test_a_command_of_awss_tool_names_what_aws_has(command: Command) -> None:
    _, service, operation, *options = shlex.split(command.text)
    model = get_session().get_service_model(service)
    [name] = [name for name in model.operation_names if xform_name(name, "-") == operation]
    accepted = {f"--{xform_name(member, '-')}" for member in model.operation_model(name).input_shape.members}
    assert {option for option in options if option.startswith("--")} <= accepted
