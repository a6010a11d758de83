"""The runtime's packages for Lambda's own Python, on whatever machine and Python this runs: downloaded, compiled.

Owns pip's and the compiler's command lines. What is left out afterwards is `prune.py`'s.
"""

import shutil
import subprocess
import sys
from pathlib import Path

LAMBDA_PYTHON = (3, 13)
NEWEST_GLIBC, OLDEST_GLIBC = 34, 17  # 2.34 is Amazon Linux 2023's, on which Lambda's Python 3.13 runs
PIP_ARCHITECTURES = {"x86_64": "x86_64", "arm64": "aarch64"}


class BuildFailed(Exception):
    """A program that the build runs has failed, and has said why; the message names it."""


def download_packages(architecture: str, requirements: Path, folder: Path) -> None:
    """Install packages into a folder as Lambda's machine would get them.

    pip reads environment markers ("only below Python 3.13") with the Python that it runs on, here perhaps an older one: that
    brings a package too many, and `make container-test` finds one too few.

    Raises:
        BuildFailed: pip failed.
    """
    minors = range(NEWEST_GLIBC, OLDEST_GLIBC - 1, -1)
    platforms = [f"--platform=manylinux_2_{minor}_{PIP_ARCHITECTURES[architecture]}" for minor in minors]
    version = ".".join(map(str, LAMBDA_PYTHON))
    _run(
        [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-warn-conflicts"],
        ["--root-user-action=ignore", "--no-compile", "--only-binary=:all:", "--implementation=cp"],
        [f"--python-version={version}", *platforms, f"--target={folder}", f"--requirement={requirements}"],
    )


def compile_code(folder: Path) -> bool:
    """Write the .pyc files of all code in a folder; return False where no Python of Lambda's version is at hand to do it.

    Raises:
        BuildFailed: the compiler failed.
    """
    python = find_python()
    if python is None:
        return False
    # Unchecked: Lambda unpacks with other times, and a file that is checked against them would be compiled on every start.
    _run(
        [python, "-m", "compileall", "-q", "--invalidation-mode=unchecked-hash"], [f"-s{folder}", "-p/var/task", str(folder)]
    )
    return True


def find_python() -> str | None:
    """Return a Python of Lambda's version; tried by running, as a version manager may leave names that do not start."""
    question = f"import sys; sys.exit(sys.version_info[:2] != {LAMBDA_PYTHON})"
    for name in (sys.executable, "python{}.{}".format(*LAMBDA_PYTHON)):
        path = shutil.which(name)
        if path and not subprocess.run([path, "-c", question], capture_output=True, check=False).returncode:
            return path
    return None


def _run(*parts: list[str]) -> None:
    command = [argument for part in parts for argument in part]
    if subprocess.run(command, check=False).returncode:
        raise BuildFailed(f"{' '.join(command[1:4])} failed; what it said stands above.")
