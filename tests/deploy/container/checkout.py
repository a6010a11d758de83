"""A copy of the checkout in which commands of the documents run, with the sample's models and a library as its artefacts."""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from tests.conftest import ROOT
from tests.deploy.container.docker_program import write_docker_program
from tests.sample_library import MODELS, SampleLibrary
from tests.shell import ShellFolder

# What make would install anew, as the copy's files are younger than what was installed.
INSTALLED = (".runtime", ".test", ".sam", ".aws", ".compose")


class Checkout(ShellFolder):
    """The copy."""

    def start(self, text: str) -> "subprocess.Popen[str]":
        """Start a command that runs until it is told to end."""
        pipe = subprocess.PIPE
        shell = ["bash", "-c", f"exec {text}"]
        return subprocess.Popen(shell, cwd=self.folder, env=self.environment, stdout=pipe, stderr=pipe, text=True)


def copy_checkout(folder: Path, library: SampleLibrary, environment: Mapping[str, str]) -> Checkout:
    """Make the copy in `folder`, with a home of its own whose `Pictures` are the library's."""
    checkout, home, programs = folder / "checkout", folder / "home", folder / "programs"
    subprocess.run(["git", "clone", "--quiet", "--local", str(ROOT), str(checkout)], check=True)
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in filter(None, listed.split("\0")):  # with what is not committed yet
        shutil.copy(ROOT / name, checkout / name)
    shutil.copytree(library.images, home / "Pictures")
    for artefact, source in {"models": MODELS, "index": library.index, "sample/index": library.index}.items():
        shutil.copytree(source, checkout / "artifacts" / artefact)
    for pictures in (checkout / "artifacts" / "sample" / "images", checkout / "pictures"):
        shutil.copytree(library.images, pictures)
    virtual_environment = checkout / ".venv"
    virtual_environment.mkdir()
    for part in ("bin", "include", "lib", "pyvenv.cfg", "sam"):
        (virtual_environment / part).symlink_to(Path(sys.prefix) / part)
    for name in INSTALLED:
        (virtual_environment / name).touch()
    programs.mkdir()
    write_docker_program(programs)
    path = f"{programs}:{os.environ['PATH']}"
    return Checkout(checkout, {**environment, "HOME": str(home), "PATH": path, "LANG": "C.UTF-8"})
