"""The project's image, built from the Dockerfile as it is: on the stand-in base, with pip set up as it is here."""

import shutil
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


def build_image(tag: str, build_args: Mapping[str, str], *flags: str, architecture: str = "amd64") -> str:
    """Build the image and return its tag. What pip needs is mounted for the build alone, and stays out of the image."""
    configure()
    chosen = [f"--build-arg={name}={value}" for name, value in build_args.items()]
    with tempfile.TemporaryDirectory() as folder:
        given = [*build_flags(Path(folder), architecture), *chosen, f"--tag={tag}", *flags]
        must(podman("build", *given, str(ROOT), limit_s=BUILD_LIMIT_S))
    return tag


def build_flags(folder: Path, architecture: str = "amd64") -> list[str]:
    """Return what every build is given here: the stand-in base, and pip's configuration, which is written to the folder.

    docker is the form that has health checks. The base is never pulled, as it is the one made here.
    """
    configuration = folder / "pip.conf"
    configuration.write_text(_pip_configuration(), "utf-8")
    volumes = {configuration: "/etc/pip.conf"} | ({CERTIFICATES: str(CERTIFICATES)} if CERTIFICATES.is_file() else {})
    base = [f"--build-arg=PYTHON={make_base_image(architecture)}", f"--platform=linux/{architecture}"]
    return [*base, "--format=docker", "--pull=never", "--network=host", "--layers", *mounted(volumes)]


def build_for_sam(name: str, steps: str, architecture: str, folder: Path) -> str:
    """Build an image on the stand-in base, with what pip needs in it: builds of `sam` take no flags. Return its name.

    Args:
        name: of the image.
        steps: more lines of its Dockerfile; what they copy lies in `folder`.
        architecture: Debian's name of it.
        folder: where the Dockerfile is written.
    """
    flags = build_flags(folder, architecture)
    certificates = "COPY ca-certificates.crt /etc/ssl/certs/\n" if CERTIFICATES.is_file() else ""
    if certificates:
        shutil.copy(CERTIFICATES, folder)
    dockerfile = f"ARG PYTHON\nFROM ${{PYTHON}}\nCOPY pip.conf /etc/\n{certificates}{steps}"
    (folder / "Dockerfile").write_text(dockerfile, "utf-8")
    must(podman("build", *flags, f"--tag={name}", str(folder), limit_s=BUILD_LIMIT_S))
    return name


def _pip_configuration() -> str:
    """Return where the package registry is and whom pip trusts, as it is set up here."""
    asked = subprocess.run([sys.executable, "-m", "pip", "config", "list"], capture_output=True, text=True, check=True)
    settings = dict(line.split("=", 1) for line in asked.stdout.splitlines())
    urls = [value.strip("'") for name, value in settings.items() if name.endswith(".index-url")]
    lines = [f"index-url = {url}" for url in urls[-1:]]
    return "\n".join(["[global]", *lines, *([f"cert = {CERTIFICATES}"] if CERTIFICATES.is_file() else [])]) + "\n"
