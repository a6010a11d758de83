"""AWS's `sam`, with Podman in Docker's place, over both templates as they are deployed.

Three things stand in for what cannot be fetched here. The Dockerfile's base image is Debian's Python, with what pip needs.
The image that `sam local` runs a zip in is the same, with Lambda's client where AWS's image has it. arm64 is run
by qemu, as a Graviton2 (debian.py says why).
"""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.conftest import ROOT
from tests.deploy.container.checkout import Checkout
from tests.deploy.container.debian import GRAVITON2
from tests.deploy.container.image import build_for_sam
from tests.deploy.emulator import sam_tool

LIMIT_S = 1800  # of arm64, emulated
DEBIAN = {"x86_64": "amd64", "arm64": "arm64"}
OPEN = {"Public": "true", "TimeoutS": "60"}  # an emulated start takes long
# The library in the image, one function, open to all: what `make deploy-demo` deploys.
DEMO = OPEN | {
    "WithCloudFront": "false",
    "ImageModels": "sample/models",
    "ImageIndex": "artifacts/sample/index",
    "ImagePictures": "artifacts/sample/images",
}
LIKE_LAMBDAS_OWN = """
COPY requirements-lambda.lock ./
RUN pip install --no-cache-dir --only-binary=:all: --no-deps --require-hashes --target /var/runtime \\
        -r requirements-lambda.lock
RUN printf '#!/bin/sh\\nexport PYTHONPATH=/var/task:/var/runtime\\nexec python -m awslambdaric "$_HANDLER"\\n' \\
        >/var/runtime/bootstrap && chmod 755 /var/runtime/bootstrap
WORKDIR /var/task
"""


# Below this prefix qemu looks first for what a program opens: the host's files are of another CPU.
AS_GRAVITON2 = """
COPY cpuinfo /qemu/proc/
RUN mkdir -p /qemu/sys/devices/system/cpu && cd /qemu/sys/devices/system/cpu && echo 0 | tee possible present online
ENV QEMU_LD_PREFIX=/qemu QEMU_CPU=neoverse-n1
"""


def set_base(checkout: Checkout, architecture: str, folder: Path) -> None:
    """Have the checkout's Dockerfile begin with the stand-in base, as `sam` passes no argument for it."""
    name = _build(f"localhost/lookwhy-sam-{architecture}", "", architecture, folder)
    dockerfile = checkout.folder / "Dockerfile"
    begun, count = re.subn(r"^ARG PYTHON=.*$", f"ARG PYTHON={name}", dockerfile.read_text("utf-8"), flags=re.MULTILINE)
    assert count == 1
    dockerfile.write_text(begun, "utf-8")


def make_runtime_image(architecture: str, folder: Path) -> str:
    """Return the name of what stands in for AWS's image of Python 3.13."""
    shutil.copy(ROOT / "deploy" / "requirements-lambda.lock", folder)
    return _build(f"localhost/lookwhy-runtime-{architecture}", LIKE_LAMBDAS_OWN, architecture, folder)


def _build(name: str, steps: str, architecture: str, folder: Path) -> str:
    (folder / "cpuinfo").write_text(GRAVITON2, "utf-8")
    of_its_cpu = AS_GRAVITON2 if architecture == "arm64" else ""
    return build_for_sam(name, of_its_cpu + steps, DEBIAN[architecture], folder)


def overrides(parameters: Mapping[str, str]) -> list[str]:
    return ["--parameter-overrides", *(f"{name}={value}" for name, value in parameters.items())]


def sam(checkout: Checkout, address: str, *arguments: str) -> str:
    """Run `sam` in a checkout with the engine at a Docker socket, and return what it printed."""
    environment = {"DOCKER_HOST": address, "SAM_CLI_TELEMETRY": "0", "AWS_DEFAULT_REGION": "eu-central-1"}
    finished = subprocess.run(
        [str(sam_tool("sam")), *arguments],
        cwd=checkout.folder,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )
    print(finished.stderr[-6000:])  # shown where what follows fails
    assert finished.returncode == 0
    return finished.stdout


def invoke(checkout: Checkout, address: str, event: Mapping[str, Any], *arguments: str) -> dict[str, Any]:
    """Return the function's answer to one event, by `sam local invoke`."""
    (checkout.folder / "event.json").write_text(json.dumps(event), "utf-8")
    told = sam(checkout, address, "local", "invoke", "Function", "--event=event.json", "--skip-pull-image", *arguments)
    return dict(json.loads(told.splitlines()[-1]))
