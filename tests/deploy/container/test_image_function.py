"""The same image as a Lambda function: AWS's Runtime Interface Emulator starts its entry point, as Lambda does."""

import json
from collections.abc import Callable
from typing import Any

from tests.deploy.container.podman import Container, must
from tests.deploy.emulator import emulator_program
from tests.deploy.events import url_event

EMULATOR = "/usr/local/bin/aws-lambda-rie"
ENTRY = ("sh", "/var/task/deploy/entrypoint.sh")
INVOCATIONS = "http://127.0.0.1:8080/2015-03-31/functions/function/invocations"
SEARCH = url_event(
    "POST", "/search", headers={"content-type": "application/json"}, body=b'{"query": "a red boat at sunset", "top_k": 3}'
)
Started = Callable[..., Container]


def start_function(started: Started, image: str) -> Container:
    return started(image, *ENTRY, flags=[f"--entrypoint={EMULATOR}"], volumes={emulator_program(): EMULATOR})


def invoke(function: Container, event: dict[str, Any]) -> dict[str, Any]:
    answer = json.loads(must(function.run("python", "/ask.py", INVOCATIONS, json.dumps(event))))
    assert "statusCode" in answer, function.log()
    return dict(answer)


def test_function_searches_its_baked_library(full_image: str, started: Started) -> None:
    function = start_function(started, full_image)
    answer = invoke(function, SEARCH)
    assert answer["statusCode"] == 200
    assert len(json.loads(answer["body"])["results"]) == 3
    assert must(function.run("id", "-u")) == "10001"


def test_function_without_an_index_says_so_and_answers_503(lean_image: str, started: Started) -> None:
    function = start_function(started, lean_image)
    answer = invoke(function, SEARCH)
    assert (answer["statusCode"], json.loads(answer["body"])["error"]["code"]) == (503, "artefact_missing")
    assert function.log().count("There is no index in /index (manifest.json is not there)") == 1
