"""The project's image, built from the Dockerfile as it is: on the stand-in base, with pip set up as it is here."""

import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from tests.conftest import ROOT
from tests.deploy.container.debian import make_base_image
from tests.deploy.container.podman import configure, mounted, must, podman

BUILD_LIMIT_S = 900
CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")


def build_image(tag: str, build_args: Mapping[str, str], *flags: str) -> str:
    """Build the image and return its tag. What pip needs is mounted for the build alone, and stays out of the image."""
    configure()
    chosen = [f"--build-arg={name}={value}" for name, value in {"PYTHON": make_base_image(), **build_args}.items()]
    # docker: the form that has health checks. never: the base is the one made here.
    chosen += ["--format=docker", "--pull=never", "--network=host", "--layers", f"--tag={tag}", *flags]
    with tempfile.NamedTemporaryFile("w", suffix=".conf") as configuration:
        configuration.write(_pip_configuration())
        configuration.flush()
        volumes = {Path(configuration.name): "/etc/pip.conf"}
        if CERTIFICATES.is_file():
            volumes[CERTIFICATES] = str(CERTIFICATES)
        must(podman("build", *chosen, *mounted(volumes), str(ROOT), limit_s=BUILD_LIMIT_S))
    return tag


def _pip_configuration() -> str:
    """Return where the package registry is and whom pip trusts, as it is set up here."""
    asked = subprocess.run([sys.executable, "-m", "pip", "config", "list"], capture_output=True, text=True, check=True)
    settings = dict(line.split("=", 1) for line in asked.stdout.splitlines())
    urls = [value.strip("'") for name, value in settings.items() if name.endswith(".index-url")]
    lines = [f"index-url = {url}" for url in urls[-1:]]
    return "\n".join(["[global]", *lines, *([f"cert = {CERTIFICATES}"] if CERTIFICATES.is_file() else [])]) + "\n"
