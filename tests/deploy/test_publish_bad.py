"""Publishing where something is wrong: odd names, files that change meanwhile, buckets, credentials and stacks that fail."""

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from export.publish.__main__ import publish_page
from export.publish.errors import ChangedMeanwhile
from export.publish.pictures import OriginalsForm
from export.publish.release import ReleaseAddresses, ReleaseContents, publish_release
from export.publish.release_state import read_state
from export.publish.s3 import S3Folder, read_outputs
from runtime.artefacts.file_record import sha256_of
from runtime.artefacts.remote.remote_faults import RemoteAbsent, told_faults
from runtime.errors import RemoteRefused
from tests.conftest import ROOT
from tests.deploy.cloud import Cloud
from tests.deploy.test_publish import contents, there
from tests.deploy.writes import Writes, bucket, writes
from tests.export.index.small_library import draw
from tests.fuzz.release_kills import assert_whole

__all__ = ["bucket", "contents", "there", "writes"]  # fixtures


def test_a_name_that_no_list_can_hold_is_removed_with_the_others(cloud: Cloud, bucket: str) -> None:
    there = S3Folder(f"s3://{bucket}/images", cloud.client("s3"))
    for name in ("a\x01b.jpg", "c.jpg", "d\r\te.jpg", "<f>&.jpg", "g\uffff.jpg"):
        there.write(name, b"content", cache="no-cache")
    assert there.remove(there.paths()) == 5
    assert there.paths() == {}


@pytest.mark.parametrize("shown", [False, True])
@pytest.mark.parametrize("kind", ["another", "grown", "gone"])
def test_a_picture_that_is_not_the_indexed_one_is_not_published_as_it(
    contents: ReleaseContents, there: ReleaseAddresses, kind: str, shown: bool
) -> None:
    picture = contents.index_dir.parent / "pictures" / "a.jpg"
    if kind == "another":
        draw(picture, 77)
    elif kind == "grown":
        picture.write_bytes(picture.read_bytes() + b"more")
    else:
        picture.unlink()
    form = replace(contents, originals_form=OriginalsForm(shown=shown))
    with pytest.raises(ChangedMeanwhile, match=r"^a\.jpg was changed or removed meanwhile.*lookwhy index FOLDER"):
        publish_release(form, there)
    assert not [key for key in there.images.paths() if key.endswith("a.jpg")]
    assert read_state(there.index).current is None


@pytest.mark.parametrize("when", ["before it is sent", "while it is sent", "gone"])
def test_a_file_that_changes_meanwhile_is_not_put_into_force(
    contents: ReleaseContents, there: ReleaseAddresses, writes: Writes, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    index = contents.index_dir
    copy = shutil.copytree(index, index.with_name("changing"))
    [file] = copy.glob("g*/image_index.faiss")
    whole, send = file.read_bytes(), writes.upload_fileobj

    def upload(body: Any, bucket: str, key: str, **given: Any) -> None:
        if when == "while it is sent" and key.endswith(sha256_of(file)):
            file.write_bytes(bytes(len(whole) - 1))
        send(body, bucket, key, **given)
        if when != "while it is sent" and "previews" in key and file.exists():
            file.unlink()
            if when != "gone":
                file.write_bytes(bytes(len(whole)))

    monkeypatch.setattr(writes, "upload_fileobj", upload)
    with pytest.raises(ChangedMeanwhile, match=r"image_index\.faiss was changed or removed.*Run this again"):
        publish_release(replace(contents, index_dir=copy, originals=False), there)
    monkeypatch.undo()
    assert read_state(there.index).current is None
    publish_release(contents, there)
    assert_whole(there)


def test_a_bucket_that_is_not_there_is_no_empty_one(cloud: Cloud) -> None:
    with pytest.raises(RemoteAbsent, match="there is no such bucket"):
        read_state(S3Folder("s3://no-such-bucket/index", cloud.client("s3")))


@pytest.mark.parametrize("refusals", [1, 2])
def test_a_conflict_in_which_nobody_has_written_is_tried_again(
    there: ReleaseAddresses, writes: Writes, refusals: int
) -> None:
    left, put = [None] * refusals, writes.put_object

    def conflict(**given: Any) -> Any:
        if left:
            left.pop()
            raise ClientError({"Error": {"Code": "ConditionalRequestConflict"}}, "PutObject")
        return put(**given)

    writes.put_object = conflict  # type: ignore[method-assign]  # S3 answers 409 where two write at once
    first = there.index.exchange("release.json", b"1", None, cache="no-cache")
    assert first is not None
    left += [None] * refusals
    assert there.index.exchange("release.json", b"2", first, cache="no-cache") is not None
    left += [None] * refusals
    assert there.index.exchange("release.json", b"3", first, cache="no-cache") is None
    assert there.index.read("release.json") == b"2"


@pytest.mark.parametrize("stack", ["none", "", "a b/c", "x" * 200])
def test_a_stack_that_is_not_there_is_said_to_be_none(cloud: Cloud, monkeypatch: pytest.MonkeyPatch, stack: str) -> None:
    ask_as(cloud, monkeypatch)
    with pytest.raises(RemoteRefused, match=r"^The stack .* cannot be used: there is no such stack.*--stack"):
        read_outputs(stack)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"AWS_ENDPOINT_URL": "foo"}, "AWS_ENDPOINT_URL or endpoint_url in ~/.aws/config is no address"),
        ({"AWS_ENDPOINT_URL": "http://[::1"}, "is no address"),
        ({"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}, r"NoCredentialsError: there are none here"),
        ({"AWS_PROFILE": "nobody"}, "ProfileNotFound: AWS_PROFILE names no profile"),
        ({"AWS_DEFAULT_REGION": "no such"}, "InvalidRegionError: AWS_REGION names no region"),
        ({"AWS_CONFIG_FILE": "{broken}"}, "ConfigParseError: ~/.aws/config"),
        (
            {"AWS_ROLE_ARN": "arn:x", "AWS_WEB_IDENTITY_TOKEN_FILE": "/nowhere", "AWS_ACCESS_KEY_ID": ""},
            r"/nowhere cannot be read \(No such file",
        ),
    ],
)
def test_what_is_wrong_with_the_way_to_aws_is_said_in_words(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, changed: dict[str, str], said: str
) -> None:
    ask_as(cloud, monkeypatch)
    (tmp_path / "broken").write_text("[default\nregion")
    for name, value in changed.items():
        monkeypatch.setenv(name, value.format(broken=tmp_path / "broken")) if value else monkeypatch.delenv(name)
    with pytest.raises(RemoteRefused, match=said):
        read_state(S3Folder("s3://lookwhy-anything/index"))


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("ExpiredToken", "the credentials have expired"),
        ("RequestTimeTooSkewed", "this machine's clock is wrong"),
        ("PermanentRedirect", "it is in another region"),
        ("SignatureDoesNotMatch", "AWS does not know the access key or its secret"),
        ("KeyTooLongError", "longer than the 1024 bytes"),
        ("SomethingNew", "AWS answered SomethingNew"),
    ],
)
def test_a_refusal_of_aws_says_what_to_do(code: str, said: str) -> None:
    with pytest.raises(Exception, match=said), told_faults():
        raise ClientError({"Error": {"Code": code, "Message": "of AWS's own"}}, "PutObject")


def test_what_is_hidden_in_the_pages_folder_is_not_published(writes: Writes, bucket: str, tmp_path: Path) -> None:
    page = shutil.copytree(ROOT / "frontend", tmp_path / "frontend")
    (page / ".env").write_text("GROQ_API_KEY=secret")
    (page / ".git").mkdir()
    (page / ".git" / "config").write_text("")
    publish_page(page, S3Folder(f"s3://{bucket}/page", writes), "https://api.example.com")
    assert writes.keys
    assert not [key for key in writes.keys if "/." in key]


def test_every_file_of_the_page_has_a_type_that_browsers_know(writes: Writes, bucket: str) -> None:
    publish_page(ROOT / "frontend", S3Folder(f"s3://{bucket}/page", writes), "https://api.example.com")
    types = {key: writes.head_object(Bucket=bucket, Key=key)["ContentType"] for key in writes.keys}
    assert [key for key, media_type in types.items() if media_type == "application/octet-stream"] == []


def ask_as(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have boto3 ask this server, with no session of another test."""
    for name, value in cloud.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_REGION", raising=False)
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
