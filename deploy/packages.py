"""Downloads and compiles the runtime's packages for Lambda's Python, whatever machine and Python this runs on.

Owns the command lines of pip and the compiler. `prune.py` removes what is not needed.
"""

import shutil
import subprocess
import sys
from pathlib import Path

LAMBDA_PYTHON = (3, 13)
NEWEST_GLIBC, OLDEST_GLIBC = 34, 17  # 2.34 is Amazon Linux 2023's, on which Lambda's Python 3.13 runs
PIP_ARCHITECTURES = {"x86_64": "x86_64", "arm64": "aarch64"}


class BuildFailed(Exception):
    """A program that the build runs has failed; the message names it, and its own output says why."""


def download_packages(architecture: str, lock: Path, folder: Path) -> None:
    """Install the packages of a lock file into a folder as Lambda's machine would get them.

    pip evaluates environment markers ("only below Python 3.13") for the Python that it runs on, which may be older. It may
    thus install a package that is not needed; `make container-test` would find one that is missing.

    Raises:
        BuildFailed: pip failed.
    """
    minors = range(NEWEST_GLIBC, OLDEST_GLIBC - 1, -1)
    platforms = [f"--platform=manylinux_2_{minor}_{PIP_ARCHITECTURES[architecture]}" for minor in minors]
    version = ".".join(map(str, LAMBDA_PYTHON))
    _run(
        [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-warn-conflicts"],
        ["--root-user-action=ignore", "--no-compile", "--only-binary=:all:", "--implementation=cp"],
        ["--no-deps", "--require-hashes"],
        [f"--python-version={version}", *platforms, f"--target={folder}", f"--requirement={lock}"],
    )


def compile_code(folder: Path) -> bool:
    """Write the .pyc files of all code in a folder; return False where no Python of Lambda's version is installed.

    Raises:
        BuildFailed: the compiler failed.
    """
    python = find_python()
    if python is None:
        return False
    # Unchecked, as Lambda unpacks files with other times: checked against those, every file would be compiled at each start.
    _run(
        [python, "-m", "compileall", "-q", "--invalidation-mode=unchecked-hash"], [f"-s{folder}", "-p/var/task", str(folder)]
    )
    return True


def find_python() -> str | None:
    """Return a Python of Lambda's version. Each is run to check it, as version managers leave commands that do not start."""
    version_check = f"import sys; sys.exit(sys.version_info[:2] != {LAMBDA_PYTHON})"
    for name in (sys.executable, "python{}.{}".format(*LAMBDA_PYTHON)):
        path = shutil.which(name)
        if path and not subprocess.run([path, "-c", version_check], capture_output=True, check=False).returncode:
            return path
    return None


def _run(*parts: list[str]) -> None:
    command = [argument for part in parts for argument in part]
    if subprocess.run(command, check=False).returncode:
        raise BuildFailed(f"{' '.join(command[1:4])} failed; its output is above.")
