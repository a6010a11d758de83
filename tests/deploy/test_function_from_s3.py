"""Models, index and pictures on S3, the key in Secrets Manager: fetched by the real boto3, used by the real function."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.deploy.cloud import Cloud
from tests.deploy.emulator import Emulator, emulated, post
from tests.deploy.events import form_with_picture, url_event
from tests.deploy.published import Published
from tests.runtime.explain.groq.groq_server import KEY, explains, groq_server
from tests.sample_library import SampleLibrary

SECRET = "lookwhy/groq"


def fetched(folder: Path) -> set[str]:
    """Return the files below a folder, without the folders that each release's models and index have."""
    paths = [path.relative_to(folder) for path in folder.rglob("*") if path.is_file()]
    return {re.sub("^(models|index)/[0-9a-f]{16}/", r"\1/", path.as_posix()) for path in paths}


@pytest.fixture
def secret(cloud: Cloud) -> Iterator[str]:
    """The key, as AWS's console writes it."""
    secrets = cloud.client("secretsmanager")
    secrets.create_secret(Name=SECRET, SecretString=json.dumps({"GROQ_API_KEY": KEY}))
    yield SECRET
    secrets.delete_secret(SecretId=SECRET, ForceDeleteWithoutRecovery=True)


def test_each_part_is_fetched_when_it_is_first_needed(published: Published, tmp_path: Path, log: Path) -> None:
    with emulated(published.environment(tmp_path), log) as function:
        [hit] = post(function, "/search", {"query": "a boat", "top_k": 1}).json()["results"]
        by_words = fetched(tmp_path / "lookwhy")
        post(function, "/explain", {"query": "a boat", "ids": [hit["id"]], "heatmap": True})
        in_depth = fetched(tmp_path / "lookwhy")
    assert {name for name in by_words if name.startswith("models/")} == {
        "models/clip/text.onnx",
        "models/clip/text.weights",
        "models/clip/tokenizer.safetensors",
    }
    assert not [name for name in by_words if name.startswith("images/") or name.endswith((".part", "metadata.json"))]
    assert in_depth - by_words == {"models/clip/image.onnx", "models/clip/image.weights", f"images/{hit['image_path']}"}


def test_pictures_and_heatmaps_come_from_the_private_bucket(published: Published, tmp_path: Path, log: Path) -> None:
    with emulated(published.environment(tmp_path), log) as function:
        [hit] = post(function, "/search", {"query": "a castle", "top_k": 1}).json()["results"]
        picture = function.ask(url_event(path=hit["image_url"]))
        explained = post(function, "/explain", {"query": "a castle", "ids": [hit["id"]], "heatmap": True})
        missing = function.ask(url_event(path="/images/none.jpg"))
    assert picture.body == (published.library.images / hit["image_path"]).read_bytes()
    assert explained.json()["results"][0]["evidence"]["heatmap"]
    assert missing.status == 404


def test_a_picture_that_is_sent_along_fetches_the_image_tower(published: Published, tmp_path: Path, log: Path) -> None:
    picture = sorted(published.library.images.glob("*.jpg"))[3]
    body, headers = form_with_picture(picture.read_bytes(), top_k="1")
    with emulated(published.environment(tmp_path), log) as function:
        answer = function.ask(url_event("POST", "/search/image", headers=headers, body=body))
    assert answer.json()["results"][0]["image_path"] == picture.name


def searches(function: Emulator) -> set[str]:
    """Search twice and return who explained."""
    answers = [post(function, "/search", {"query": "a castle", "top_k": 1}) for _ in range(2)]
    assert [answer.status for answer in answers] == [200, 200]
    return {hit["explanation_source"] for answer in answers for hit in answer.json()["results"]}


def test_groqs_key_is_read_from_secrets_manager_when_the_first_sentence_is_wanted(
    sample_library: SampleLibrary, cloud: Cloud, secret: str, log: Path
) -> None:
    with groq_server(explains()) as groq:
        named = {"GROQ_SECRET_ID": secret, "GROQ_BASE_URL": groq.url}
        with emulated(sample_library.environment | cloud.environment | named, log) as function:
            post(function, "/search", {"query": "a castle", "explain": False})
            assert groq.keys == []
            searches(function)
    assert set(groq.keys) == {f"Bearer {KEY}"}
    assert KEY not in function.log


def test_a_wrong_secret_name_costs_a_log_line_and_no_search(
    sample_library: SampleLibrary, cloud: Cloud, secret: str, log: Path
) -> None:
    named = {"GROQ_SECRET_ID": f"{secret}-misspelt"}
    with emulated(sample_library.environment | cloud.environment | named, log) as function:
        assert searches(function) == {"evidence"}
    [line] = function.logged("WARNING")
    assert f"The secret {secret}-misspelt cannot be used: it does not exist." in line
    assert "GROQ_SECRET_ID" in line


def test_a_secret_that_may_not_be_read_costs_a_log_line_and_no_search(
    sample_library: SampleLibrary, cloud: Cloud, secret: str, log: Path
) -> None:
    with cloud.for_someone_without_rights() as denying:
        environment = sample_library.environment | denying.environment | {"GROQ_SECRET_ID": secret}
        with emulated(environment, log) as function:
            assert searches(function) == {"evidence"}
    [line] = function.logged("WARNING")
    assert "permission is denied" in line
    assert "secretsmanager:GetSecretValue" in line
