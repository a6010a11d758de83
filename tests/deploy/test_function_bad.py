"""Deployments that cannot work: the log names the cause in one line, and the function answers 503 with it."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from export.publish.s3 import S3Folder
from runtime.artefacts.manifest import MANIFEST_NAME
from tests.deploy.cloud import Cloud
from tests.deploy.emulator import emulated, fault_of, post
from tests.deploy.events import url_event
from tests.deploy.published import Published, folder_of, publish_sample_as_before
from tests.ports import free_port
from tests.sample_library import MODELS, SampleLibrary


def is_refused(environment: dict[str, str], log: Path, code: str, *said: str, retry_after_s: int = 30) -> None:
    """Start the function, and check what it answers and logs."""
    with emulated(environment, log) as function:
        answers = [post(function, "/search", {"query": "a castle"}), function.ask(url_event()), function.ask(url_event())]
    assert [answer.status for answer in answers] == [503] * 3
    assert int(answers[0].headers["retry-after"]) == retry_after_s
    fault = fault_of(answers[0])
    assert fault["code"] == code
    assert "temporarily unavailable" in fault["message"], "folders and buckets are no business of a visitor's"
    [line] = function.logged("ERROR")
    assert line.startswith("Not ready: ")
    assert all(part in line for part in said)
    assert "Traceback" not in function.log


@pytest.fixture
def own_bucket(cloud: Cloud, sample_library: SampleLibrary, request: pytest.FixtureRequest) -> Published:
    """The sample library in a bucket that the test may damage, as versions before releases published it."""
    return publish_sample_as_before(cloud, sample_library, f"bad-{abs(hash(request.node.name))}")


def index_of(published: Published) -> S3Folder:
    return folder_of(published.cloud, published.bucket, "index")


def manifest_of(published: Published) -> Any:
    return json.loads(index_of(published).read(MANIFEST_NAME))


def replace_manifest(published: Published, manifest: Any) -> None:
    index_of(published).write(MANIFEST_NAME, json.dumps(manifest).encode(), cache="no-cache")


def test_missing_models(sample_library: SampleLibrary, tmp_path: Path, log: Path) -> None:
    is_refused(
        sample_library.environment | {"MODELS_DIR": str(tmp_path / "none")},
        log,
        "artefact_missing",
        f"There are no models in {tmp_path / 'none'} ({MANIFEST_NAME} is not there)",
        "MODELS_DIR",
    )


def test_an_index_of_other_models(sample_library: SampleLibrary, tmp_path: Path, log: Path) -> None:
    models = shutil.copytree(MODELS, tmp_path / "models")
    manifest = json.loads((models / MANIFEST_NAME).read_text())
    manifest["clip"]["text"]["sha256"] = "0" * 64
    (models / MANIFEST_NAME).write_text(json.dumps(manifest))
    environment = sample_library.environment | {"MODELS_DIR": str(models)}
    is_refused(environment, log, "models_differ", "was made with other models", "clip/text.onnx differ")


def test_a_setting_that_cannot_be_used(sample_library: SampleLibrary, log: Path) -> None:
    environment = sample_library.environment | {"INDEX_URL": "https://bucket/index"}
    is_refused(environment, log, "setting_invalid", "INDEX_URL='https://bucket/index'")


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("s3://lookwhy-sample/misspelt", "there is no such object"),
        ("s3://lookwhy-no-such-bucket/index", "there is no such bucket"),
    ],
)
def test_a_wrong_address_on_s3(published: Published, tmp_path: Path, log: Path, url: str, reason: str) -> None:
    environment = published.environment(tmp_path) | {"INDEX_URL": url}
    is_refused(environment, log, "remote_refused", f"{url}/{MANIFEST_NAME}", reason, "INDEX_URL")


def test_no_permission_to_read_the_bucket(published: Published, tmp_path: Path, log: Path) -> None:
    with published.cloud.for_someone_without_rights() as denying:
        environment = published.environment(tmp_path) | denying.environment
        is_refused(environment, log, "remote_refused", "permission is denied", "INDEX_URL")


def test_an_s3_that_nobody_reaches(published: Published, tmp_path: Path, log: Path) -> None:
    environment = published.environment(tmp_path) | {"AWS_ENDPOINT_URL": f"http://127.0.0.1:{free_port()}"}
    said = "AWS could not be asked (EndpointConnectionError: there is no connection to it)"
    is_refused(environment, log, "remote_refused", said, retry_after_s=1)


def test_a_file_whose_sha256_is_not_the_manifests(own_bucket: Published, tmp_path: Path, log: Path) -> None:
    path = manifest_of(own_bucket)["catalog"]["path"]
    index_of(own_bucket).write(path, b"\x00" * manifest_of(own_bucket)["catalog"]["bytes"], cache="no-cache")
    is_refused(own_bucket.environment(tmp_path), log, "artefact_corrupt", path, "its sha256 or length is not the one in")
    assert not list(tmp_path.rglob("catalog.sqlite*"))


def test_a_manifest_that_is_none(own_bucket: Published, tmp_path: Path, log: Path) -> None:
    replace_manifest(own_bucket, {"format": "lookwhy-index/9"})
    is_refused(own_bucket.environment(tmp_path), log, "artefact_corrupt", "it is not a lookwhy-index/1 file")


def test_a_manifest_that_leads_out_of_the_folder(own_bucket: Published, tmp_path: Path, log: Path) -> None:
    manifest = manifest_of(own_bucket)
    manifest["catalog"]["path"] = "../../escaped"
    replace_manifest(own_bucket, manifest)
    is_refused(own_bucket.environment(tmp_path), log, "artefact_corrupt", "its path leads out of the folder")


def test_a_tmp_that_is_too_small(own_bucket: Published, tmp_path: Path, log: Path) -> None:
    """The manifest promises more bytes than any disk here has room for: they are counted before any is fetched."""
    manifest = manifest_of(own_bucket)
    manifest["store"]["bytes"] = 10**15
    replace_manifest(own_bucket, manifest)
    is_refused(own_bucket.environment(tmp_path), log, "storage_too_small", "more ephemeral storage", "FETCH_DIR")


def test_a_folder_that_cannot_be_written_to(published: Published, tmp_path: Path, log: Path) -> None:
    (tmp_path / "file").touch()
    environment = published.environment(tmp_path / "file")
    is_refused(environment, log, "setting_invalid", "FETCH_DIR", "it is no folder")
