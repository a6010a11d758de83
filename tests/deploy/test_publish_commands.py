"""Publishing from the command line: releases, the page, files in parts, and what is refused in one line."""

import json
from pathlib import Path

import pytest

from export.publish.__main__ import publish_page
from export.publish.s3 import OUTPUTS, S3Folder
from tests.conftest import ROOT
from tests.deploy.cloud import Cloud
from tests.deploy.emulator import emulated, post
from tests.deploy.published import Published
from tests.deploy.writes import Writes, bucket, writes
from tests.sample_library import MODELS, SampleLibrary, run_module

FUNCTION_URL = "https://abcd1234.lambda-url.eu-central-1.on.aws/"
__all__ = ["bucket", "writes"]  # fixtures


def test_the_page_says_where_its_api_is_and_goes_last(writes: Writes, bucket: str) -> None:
    there = S3Folder(f"s3://{bucket}", writes)
    publish_page(ROOT / "frontend", there, FUNCTION_URL)
    assert f'<meta name="api-base" content="{FUNCTION_URL.rstrip("/")}">'.encode() in there.read("index.html")
    assert writes.keys[-2:] == ["index.html", "service_worker.js"]
    script = writes.head_object(Bucket=bucket, Key="static/app.js")
    assert script["ContentType"] == "text/javascript"
    page = writes.head_object(Bucket=bucket, Key="index.html")
    assert (page["ContentType"], page["CacheControl"]) == ("text/html", "no-cache")


def test_a_large_file_is_sent_in_parts_and_keeps_what_is_said_of_it(cloud: Cloud, bucket: str, tmp_path: Path) -> None:
    large = tmp_path / "image.weights"
    large.write_bytes(b"w" * 9_000_000)  # more than one part of 8 MiB
    client = cloud.client("s3")
    there, sent = S3Folder(f"s3://{bucket}/models", client), list[int]()
    there.write("image.weights", large, cache="no-cache", sha256="5" * 64, sent=sent.append)
    head = client.head_object(Bucket=bucket, Key="models/image.weights")
    assert head["ETag"].strip('"').endswith("-2")
    assert (head["ContentLength"], head["ContentType"], head["CacheControl"]) == (
        9_000_000,
        "application/octet-stream",
        "no-cache",
    )
    assert there.sha256("image.weights") == "5" * 64
    assert sum(sent) == 9_000_000


def make_stack(cloud: Cloud, bucket: str, name: str) -> None:
    """Make a stack with the outputs of template.yaml; another test's of that name goes."""
    prefixes = {"IndexUrl": "/index", "ModelsUrl": "/models", "ImagesUrl": "/images", "PageUrl": ""}
    values = {output: f"s3://{bucket}{prefix}" for output, prefix in prefixes.items()}
    values |= {"PreviewsUrl": f"s3://{bucket}/previews", "PicturesArePublic": "true"}
    values |= {"FunctionName": f"{name}-function", "FunctionUrl": FUNCTION_URL}
    assert set(values) == set(OUTPUTS)
    template = {
        "Resources": {"Topic": {"Type": "AWS::SNS::Topic"}},
        "Outputs": {output: {"Value": value} for output, value in values.items()},
    }
    client = cloud.client("cloudformation")
    client.delete_stack(StackName=name)
    client.create_stack(StackName=name, TemplateBody=json.dumps(template))


def test_what_is_published_from_the_command_line_is_searched_listed_and_rolled_back(
    sample_library: SampleLibrary, cloud: Cloud, bucket: str, tmp_path: Path
) -> None:
    make_stack(cloud, bucket, "lookwhy")
    environment = sample_library.environment | cloud.environment

    def ran(*command: str) -> str:
        done = run_module("export.publish", *command, environment=environment)
        assert done.returncode == 0, done.stderr
        return done.stdout

    release = ("release", "--index", str(sample_library.index))
    assert "Release 1 is in force: index g000001 of 60 pictures" in ran(*release, "--models", str(MODELS))
    assert "Sent: 1 files, 0 previews, 60 pictures." in ran(*release, "--originals")
    assert "Release 3 is in force: release 1 again" in ran("rollback")
    assert [line.split()[0] for line in ran("list").splitlines()] == ["3", "2", "1"]
    # the 60 pictures, and the file that release 2 alone had
    assert "Removed: 61 old files." in ran("prune", "--current-alone", "--old-layout")
    with emulated(Published(cloud, sample_library, bucket).environment(tmp_path / "fetched"), tmp_path / "log") as function:
        assert post(function, "/search", {"query": "a castle"}).status == 200


@pytest.mark.parametrize(
    ("stack", "said"), [("none", "The stack none cannot be used"), ("bare", "its outputs lack FunctionName")]
)
def test_a_stack_that_is_none_of_ours_is_named_in_one_line(
    sample_library: SampleLibrary, cloud: Cloud, stack: str, said: str
) -> None:
    if stack == "bare":
        template = {"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}}
        cloud.client("cloudformation").create_stack(StackName=stack, TemplateBody=json.dumps(template))
    environment = sample_library.environment | cloud.environment
    command = ("release", "--stack", stack, "--index", str(sample_library.index))
    done = run_module("export.publish", *command, environment=environment)
    assert done.returncode == 1
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_without_the_right_to_write_publishing_ends_with_one_line(sample_library: SampleLibrary, cloud: Cloud) -> None:
    with cloud.for_someone_without_rights() as denying:
        environment = sample_library.environment | denying.environment
        done = run_module("export.publish", "release", "--index", str(sample_library.index), environment=environment)
    assert done.returncode == 1
    assert "permission is denied" in done.stderr
    assert len(done.stderr.splitlines()) == 1
