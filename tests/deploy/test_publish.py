"""Publishing: what names others goes last, nothing is sent twice, and what a reader may still hold stays a while."""

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from export.publish.__main__ import publish_artefact, publish_page
from export.publish.pictures import FOR_GOOD, publish_originals, publish_previews
from export.publish.s3 import OUTPUTS, S3Folder
from runtime.artefacts.manifest import MANIFEST_NAME, read_index_manifest
from runtime.library.catalog import Library
from tests.conftest import ROOT
from tests.deploy.cloud import Cloud
from tests.deploy.emulator import emulated, post
from tests.deploy.published import Published
from tests.runtime.images.odd_pictures import encoded, noise
from tests.runtime.images.stripping.test_original import SECRET, exif
from tests.runtime.picture_library import make_library
from tests.sample_library import MODELS, SampleLibrary, run_module

FUNCTION_URL = "https://abcd1234.lambda-url.eu-central-1.on.aws/"


class Writes:
    """boto3's S3 client, with the keys in the order in which they are written."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self.keys: list[str] = []

    def upload_fileobj(self, body: Any, bucket: str, key: str, **given: Any) -> None:
        self._client.upload_fileobj(body, bucket, key, **given)
        self.keys.append(key)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)


@pytest.fixture
def writes(cloud: Cloud) -> Writes:
    return Writes(cloud.client("s3"))


@pytest.fixture
def bucket(cloud: Cloud, request: pytest.FixtureRequest) -> str:
    name = f"publish-{abs(hash(request.node.name))}"
    cloud.make_bucket(name)
    return name


def next_generation(index: Path, folder: Path, name: str) -> Path:
    """Return a copy of an index whose one generation has another name."""
    shutil.copytree(index, folder)
    manifest = json.loads((folder / MANIFEST_NAME).read_text())
    before = manifest["generation"]
    (folder / before).rename(folder / name)
    (folder / MANIFEST_NAME).write_text(json.dumps(manifest).replace(before, name))
    return folder


def test_the_manifest_goes_last_and_what_lies_there_is_not_sent_again(
    sample_library: SampleLibrary, writes: Writes, bucket: str
) -> None:
    there, manifest = S3Folder(f"s3://{bucket}/index", writes), read_index_manifest(sample_library.index)
    assert publish_artefact(sample_library.index, manifest, there) == len(manifest.files())
    assert writes.keys[-1] == f"index/{MANIFEST_NAME}"
    writes.keys.clear()
    assert publish_artefact(sample_library.index, manifest, there) == 0
    assert writes.keys == [f"index/{MANIFEST_NAME}"]


def test_the_generation_before_stays_for_one_round(
    sample_library: SampleLibrary, writes: Writes, bucket: str, tmp_path: Path
) -> None:
    there = S3Folder(f"s3://{bucket}/index", writes)
    for name in ("g000008", "g000009"):
        index = next_generation(sample_library.index, tmp_path / name, name)
        publish_artefact(index, read_index_manifest(index), there)
    assert {path.split("/")[0] for path in there.paths()} == {"g000008", "g000009", MANIFEST_NAME}
    index = next_generation(sample_library.index, tmp_path / "g000010", "g000010")
    publish_artefact(index, read_index_manifest(index), there)
    assert {path.split("/")[0] for path in there.paths()} == {"g000009", "g000010", MANIFEST_NAME}


def test_pictures_are_sent_once_and_those_that_left_the_library_go(
    sample_library: SampleLibrary, writes: Writes, bucket: str
) -> None:
    there = S3Folder(f"s3://{bucket}/images", writes)
    library = Library.open(sample_library.index, read_index_manifest(sample_library.index))
    there.write("left.jpg", b"x", cache="no-cache")
    assert publish_originals(library, there) == library.count
    assert publish_originals(library, there) == 0
    assert len(there.paths()) == library.count


def test_previews_are_sent_once_for_good_and_those_of_others_go(writes: Writes, bucket: str, tmp_path: Path) -> None:
    there, library = S3Folder(f"s3://{bucket}/previews", writes), small_library(tmp_path)
    there.write(f"ab/{'ab' * 32}.512.jpg", b"x", cache="no-cache")
    assert publish_previews(library, there) == 2 * library.count
    assert publish_previews(library, there) == 0
    assert len(there.paths()) == 2 * library.count
    sha256 = library.row_by_path("scan.tif").sha256
    head = writes.head_object(Bucket=bucket, Key=f"previews/{sha256[:2]}/{sha256}.512.jpg")
    assert (head["ContentType"], head["CacheControl"]) == ("image/jpeg", FOR_GOOD)


def test_public_originals_are_sent_as_browsers_show_them(writes: Writes, bucket: str, tmp_path: Path) -> None:
    there, library = S3Folder(f"s3://{bucket}/images", writes), small_library(tmp_path)
    there.write("photo.jpg", (tmp_path / "images" / "photo.jpg"), cache="no-cache")
    assert publish_originals(library, there, shown=True) == 2
    assert publish_originals(library, there, shown=True) == 0
    for name in ("scan.tif", "photo.jpg"):
        assert writes.head_object(Bucket=bucket, Key=f"images/{name}")["ContentType"] == "image/jpeg"
        assert there.read(name).startswith(b"\xff\xd8")
        assert SECRET not in there.read(name)
    assert publish_originals(library, there, shown=True, with_metadata=True) == 1
    assert there.read("photo.jpg") == (tmp_path / "images" / "photo.jpg").read_bytes()


def small_library(folder: Path) -> Library:
    """Return a library of a TIFF and a JPEG, which say where they were taken."""
    pictures = {
        "scan.tif": encoded(noise(60, 40), "TIFF", tiffinfo={270: SECRET.decode()}),
        "photo.jpg": encoded(noise(60, 40), "JPEG", exif=exif()),
    }
    library = make_library(folder, pictures)
    for name in pictures:
        os.utime(folder / "images" / name, (1e9, 1e9))  # S3 tells whole seconds
    return library


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
    there = S3Folder(f"s3://{bucket}/models", client)
    there.write("image.weights", large, cache="no-cache", sha256="5" * 64)
    head = client.head_object(Bucket=bucket, Key="models/image.weights")
    assert head["ETag"].strip('"').endswith("-2")
    assert (head["ContentLength"], head["ContentType"], head["CacheControl"]) == (
        9_000_000,
        "application/octet-stream",
        "no-cache",
    )
    assert there.sha256("image.weights") == "5" * 64


def make_stack(cloud: Cloud, bucket: str, name: str) -> None:
    """Make a stack with the outputs of template.yaml."""
    prefixes = {"IndexUrl": "/index", "ModelsUrl": "/models", "ImagesUrl": "/images", "PageUrl": ""}
    values = {output: f"s3://{bucket}{prefix}" for output, prefix in prefixes.items()}
    values |= {"PreviewsUrl": f"s3://{bucket}/previews", "PicturesArePublic": "true"}
    values |= {"FunctionName": f"{name}-function", "FunctionUrl": FUNCTION_URL}
    assert set(values) == set(OUTPUTS)
    template = {
        "Resources": {"Topic": {"Type": "AWS::SNS::Topic"}},
        "Outputs": {output: {"Value": value} for output, value in values.items()},
    }
    cloud.client("cloudformation").create_stack(StackName=name, TemplateBody=json.dumps(template))


def make_function(cloud: Cloud, name: str) -> None:
    trust = {"Version": "2012-10-17", "Statement": []}
    role = cloud.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
    code = {"ImageUri": "123456789012.dkr.ecr.eu-central-1.amazonaws.com/lookwhy:1"}
    cloud.client("lambda").create_function(FunctionName=name, PackageType="Image", Role=role, Code=code)


def test_a_published_index_is_searched_by_a_function_that_starts_anew(
    sample_library: SampleLibrary, cloud: Cloud, bucket: str, tmp_path: Path
) -> None:
    make_stack(cloud, bucket, "lookwhy")
    make_function(cloud, "lookwhy-function")
    environment = sample_library.environment | cloud.environment
    index = str(sample_library.index)
    for command in (("models", "--models", str(MODELS)), ("pictures", "--index", index), ("index", "--index", index)):
        done = run_module("export.publish", *command, environment=environment)
        assert done.returncode == 0, done.stderr
    described = cloud.client("lambda").get_function_configuration(FunctionName="lookwhy-function")["Description"]
    assert described.endswith("of 60 pictures")
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
    done = run_module(
        "export.publish", "index", "--stack", stack, "--index", str(sample_library.index), environment=environment
    )
    assert done.returncode == 1
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_without_the_right_to_write_publishing_ends_with_one_line(sample_library: SampleLibrary, cloud: Cloud) -> None:
    with cloud.for_someone_without_rights() as denying:
        environment = sample_library.environment | denying.environment
        done = run_module("export.publish", "index", "--index", str(sample_library.index), environment=environment)
    assert done.returncode == 1
    assert "permission is denied" in done.stderr
    assert len(done.stderr.splitlines()) == 1
