"""`sam local invoke` against the image, as a developer with Docker would; Podman speaks Docker's interface here."""

import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

from tests.deploy.container.image import build_image
from tests.deploy.container.podman import docker_socket
from tests.deploy.emulator import sam_tool
from tests.deploy.events import url_event

SAM_LIMIT_S = 300
TEMPLATE = """
Transform: AWS::Serverless-2016-10-31
Resources:
  Search:
    Type: AWS::Serverless::Function
    Properties: {PackageType: Image, ImageUri: "lookwhy-sam:latest", MemorySize: 1769, Timeout: 30}
"""


def test_sam_local_invoke_answers_a_search(baked: Mapping[str, str], tmp_path: Path) -> None:
    # Podman 4.3 takes USER from its cache for another value of its argument.
    build_image("lookwhy-sam", {**baked, "RUN_AS": "0:0"}, "--no-cache")
    asked = url_event("POST", "/search", headers={"content-type": "application/json"}, body=b'{"query": "a castle"}')
    (tmp_path / "event.json").write_text(json.dumps(asked), "utf-8")
    (tmp_path / "template.yaml").write_text(TEMPLATE, "utf-8")
    command = [str(sam_tool("sam")), "local", "invoke", "Search", "--event=event.json", "--skip-pull-image"]
    with docker_socket(tmp_path / "docker.sock") as address:
        environment = {"DOCKER_HOST": address, "SAM_CLI_TELEMETRY": "0", "AWS_DEFAULT_REGION": "eu-central-1"}
        finished = subprocess.run(
            command,
            cwd=tmp_path,
            env=os.environ | environment,
            capture_output=True,
            text=True,
            timeout=SAM_LIMIT_S,
            check=False,
        )
    assert finished.returncode == 0, finished.stderr[-3000:]
    answer = json.loads(finished.stdout.splitlines()[-1])
    assert answer["statusCode"] == 200
    assert len(json.loads(answer["body"])["results"]) == 5
