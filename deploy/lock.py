"""Writes the lock files: every package of an environment, its version, and the sha256 of each of its files.

`python -m deploy.lock` runs uv once for each `X.txt` that has an `X.lock` beside it. What a lock already has stays at its
version, unless `--upgrade` is given. Installs nothing.
"""

import argparse
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from deploy.prune import UNUSED

ROOT = Path(__file__).resolve().parent.parent
OLDEST_PYTHON = "3.11"
# Installed one after another into .venv, so their versions are chosen together.
RUNTIME, PHOTOS, MCP, BUILD, TESTS, LAMBDA = (
    "requirements.txt",
    "requirements-photos.txt",
    "deploy/requirements-mcp.txt",
    "deploy/requirements-build.txt",
    "tests/requirements.txt",
    "deploy/requirements-lambda.txt",
)
TOGETHER = (RUNTIME, PHOTOS, MCP, BUILD, TESTS, LAMBDA)
# Each in an environment of its own.
APART = (
    "tests/deploy/requirements.txt",
    "tests/deploy/requirements-checkov.txt",
    "deploy/requirements-supply.txt",
    "deploy/requirements-cluster.txt",
    "benchmarks/requirements-peers.txt",
)
# Without what they ask for: only their models are used.
ALONE = ("deploy/requirements-text.txt", "benchmarks/requirements-trained.txt")
# By version alone: torch's file differs from machine to machine.
EXPORT, EXPORT_VERSIONS = "deploy/requirements-export.txt", "deploy/constraints-export.txt"


def lock_name(requirements: str) -> str:
    """Return the name of the lock of a file of requirements."""
    return str(Path(requirements).with_suffix(".lock"))


def write_locks(upgrade: bool) -> None:
    """Write all locks, from one resolution of what is installed together.

    Raises:
        subprocess.CalledProcessError: uv failed; its own output says why.
    """
    with TemporaryDirectory() as folder:
        without = Path(folder) / "without.txt"
        without.write_text("".join(f"{name} ; python_version < '0'\n" for name in UNUSED), "utf-8")
        _compile([*TOGETHER, EXPORT], EXPORT_VERSIONS, upgrade=upgrade)
        versions = ("--constraints", EXPORT_VERSIONS)
        _compile([RUNTIME], lock_name(RUNTIME), "--generate-hashes", *versions, "--overrides", str(without), upgrade=upgrade)
        for requirements in TOGETHER[1:]:
            _compile([requirements], lock_name(requirements), "--generate-hashes", *versions, upgrade=upgrade)
        for requirements in APART:
            _compile([requirements], lock_name(requirements), "--generate-hashes", upgrade=upgrade)
        for requirements in ALONE:
            _compile([requirements], lock_name(requirements), "--generate-hashes", "--no-deps", upgrade=upgrade)


def _compile(sources: Sequence[str], output: str, *options: str, upgrade: bool) -> None:
    header = f"# Written by `make lock` from {', '.join(sources)}: change that, not this.\n"
    command = ["uv", "pip", "compile", "--quiet", "--universal", "--no-header", "--no-annotate", *options]
    command += [f"--python-version={OLDEST_PYTHON}", f"--output-file={output}", *(["--upgrade"] if upgrade else [])]
    program = Path(sys.executable).with_name("uv")
    subprocess.run([program, *command[1:], *sources], cwd=ROOT, check=True)
    path = ROOT / output
    path.write_text(header + path.read_text("utf-8").removeprefix(header), "utf-8")
    print(f"{output}: {sum('==' in line for line in path.read_text('utf-8').splitlines())} packages")


def main() -> None:
    """Write the locks; exit code 1 where versions cannot be found that go together."""
    parser = argparse.ArgumentParser(prog="python -m deploy.lock", description=__doc__)
    parser.add_argument("--upgrade", action="store_true", help="take the newest versions that the .txt files allow")
    try:
        write_locks(parser.parse_args().upgrade)
    except subprocess.CalledProcessError as error:
        sys.exit(error.returncode)


if __name__ == "__main__":
    main()
