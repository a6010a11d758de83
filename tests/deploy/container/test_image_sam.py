"""`sam build` and `sam local` over both templates as they are deployed, on both architectures; Podman is the engine."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.deploy.container.checkout import Checkout, copy_checkout
from tests.deploy.container.podman import docker_socket, must, podman
from tests.deploy.container.sam import DEMO, OPEN, invoke, make_runtime_image, overrides, sam, set_base
from tests.deploy.events import url_event
from tests.sample_library import SampleLibrary

SEARCH = url_event("POST", "/search", headers={"content-type": "application/json"}, body=b'{"query": "a castle"}')
ARCHITECTURES = ("x86_64", "arm64")


@pytest.fixture(scope="module")
def checkout(library: SampleLibrary, tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    return copy_checkout(tmp_path_factory.mktemp("sam"), library, {})


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with docker_socket(tmp_path_factory.mktemp("socket") / "docker.sock") as address:
        yield address


def assert_found(answer: dict[str, Any]) -> None:
    assert answer["statusCode"] == 200, answer
    results = json.loads(answer["body"])["results"]
    assert [result["caption_source"] for result in results] == ["index"] * 5


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_the_image_of_the_template_is_built_and_answers_a_search(
    checkout: Checkout, engine: str, tmp_path: Path, architecture: str
) -> None:
    set_base(checkout, architecture, tmp_path)
    parameters = overrides(DEMO | {"Architecture": architecture})
    sam(checkout, engine, "build", *parameters)
    built = must(podman("image", "inspect", "--format={{.Architecture}}", "function:lookwhy"))
    assert built == {"x86_64": "amd64", "arm64": "arm64"}[architecture]
    assert_found(invoke(checkout, engine, SEARCH, *parameters))


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_the_zip_of_its_template_answers_a_search(
    checkout: Checkout, engine: str, tmp_path: Path, architecture: str
) -> None:
    runtime = make_runtime_image(architecture, tmp_path)
    built = f"--arch {architecture} --models sample/models --index artifacts/sample/index"
    template = "artifacts/lambda-zip/template.yaml"
    made = checkout.run(
        f"{sys.executable} -m deploy.lambda_zip {built} &&"
        f" .venv/sam/bin/python -m deploy.zip_template artifacts/lambda-zip/{architecture} > {template}"
    )
    assert made.returncode == 0, made.stderr
    # `sam local` knows no bucket's name, and takes the resource's, which no bucket may have. A search asks for none.
    (checkout.folder / "variables.json").write_text(
        json.dumps({"Function": {"PREVIEWS_URL": "s3://none/previews"}}), "utf-8"
    )
    options = [f"--template={template}", f"--invoke-image={runtime}", "--env-vars=variables.json", *overrides(OPEN)]
    assert_found(invoke(checkout, engine, SEARCH, *options))
