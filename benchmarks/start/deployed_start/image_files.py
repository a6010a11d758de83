"""The files of the image, as the Dockerfile puts them together, in a folder of their own: no other process maps them.

What the Dockerfile takes from its base is taken from this machine: a Python of Lambda's version with its standard library,
stripped and compiled as there, and the system's libraries that are loaded.
"""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks import ROOT
from deploy.packages import LAMBDA_PYTHON, BuildFailed, download_packages, find_python
from deploy.prune import UNUSED, prune

PACKAGES_OF = ("requirements.lock", "deploy/requirements-lambda.lock")
CODE = ("runtime", "frontend", "handler.py")
NOT_THERE = ("site-packages", "test", "tkinter", "idlelib", "ensurepip", "config-*", "__pycache__")
SELDOM = re.search(r"seldom='([^']+)'", (ROOT / "Dockerfile").read_text("utf-8"))  # left uncompiled there
FROM_ELSEWHERE = re.compile(r"=> (/\S+)")  # a line of ldd


@dataclass(frozen=True)
class ImageFiles:
    """A folder with packages, code, models, Python and libraries."""

    root: Path

    @property
    def models(self) -> Path:
        """The models, which the environment does not name: it is where the image has them."""
        return self.root / "models"

    @property
    def environment(self) -> dict[str, str]:
        """The image's own variables, and what has its own libraries loaded."""
        return {
            "HOME": "/tmp",
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(self.root / "packages"),
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONUNBUFFERED": "1",
            "OMP_NUM_THREADS": "1",
            "OPENBLAS_NUM_THREADS": "1",
            "ORT_DISABLE_TELEMETRY": "1",
            "MODELS_DIR": str(self.models),
            "LD_LIBRARY_PATH": str(self.root / "lib"),
            "LAMBDA_TASK_ROOT": str(self.root / "task"),
            "LOG_FORMAT": "json",
            "METRICS": "off",
        }

    @property
    def function(self) -> tuple[str, ...]:
        """What deploy/entrypoint.sh runs on Lambda, in its folder."""
        python = self.root / "python" / "bin" / "python3"
        return ("env", "-C", str(self.root / "task"), str(python), "-m", "awslambdaric", "handler.handler")

    def files(self) -> list[Path]:
        """Return all files."""
        return [path for path in self.root.rglob("*") if path.is_file() and not path.is_symlink()]

    def bytes(self) -> int:
        """Return how large they are together."""
        return sum(path.stat().st_size for path in self.files())


def make_image_files(code: Path, models: Path, packages: Path, root: Path) -> ImageFiles:
    """Return the files of the image with the code of a checkout and these models; `packages` is copied."""
    python, version = _python()
    shutil.copytree(packages, root / "packages")
    shutil.copytree(models, root / "models")
    for part in CODE:
        copy = shutil.copytree if (code / part).is_dir() else shutil.copy
        (root / "task").mkdir(exist_ok=True)
        copy(code / part, root / "task" / part)
    (root / "python" / "bin").mkdir(parents=True)
    shutil.copy(python, root / "python" / "bin" / "python3")
    library = f"lib/python{version}"
    prefix = _said_by(python, "import sys; print(sys.base_prefix)")
    shutil.copytree(f"{prefix}/{library}", root / "python" / library, ignore=shutil.ignore_patterns(*NOT_THERE))
    _strip(root / "python")
    _compile(python, root / "task")
    _compile(python, root / "python" / library, "-x", SELDOM[1] if SELDOM else "^$")
    (root / "lib").mkdir()
    for loaded in _libraries_of(root):
        shutil.copy(loaded, root / "lib")
    _strip(root / "lib")
    return ImageFiles(root)


def make_packages(folder: Path) -> Path:
    """Install, prune and compile the packages of the image into a folder, and return it; one that is there is kept.

    Raises:
        BuildFailed: there is no Python of Lambda's version, or pip failed.
    """
    if not folder.is_dir():
        made = folder.with_suffix(".part")
        shutil.rmtree(made, ignore_errors=True)
        for lock in PACKAGES_OF:
            download_packages("x86_64", ROOT / lock, made)
        prune(made, UNUSED)
        _compile(_python()[0], made)
        made.rename(folder)
    return folder


def _python() -> tuple[Path, str]:
    found = find_python()
    version = ".".join(map(str, LAMBDA_PYTHON))
    if not found:
        raise BuildFailed(f"There is no Python {version} here, as Lambda has it: put one on the PATH.")
    return Path(_said_by(Path(found), "import sys; print(sys.executable)")).resolve(), version


def _said_by(python: Path, code: str) -> str:
    return subprocess.run([python, "-c", code], capture_output=True, text=True, check=True).stdout.strip()


def _strip(folder: Path) -> None:
    """Remove symbols that only debuggers read, as the official image has none."""
    libraries = [path for path in folder.rglob("*") if path.name == "python3" or ".so" in path.suffixes]
    subprocess.run(["strip", "--strip-all", *map(str, libraries)], check=True)


def _compile(python: Path, folder: Path, *options: str) -> None:
    command = [str(python), "-m", "compileall", "-q", "--invalidation-mode=unchecked-hash", *options, str(folder)]
    subprocess.run(command, check=False, stdout=subprocess.DEVNULL)  # some tests of packages are no Python on purpose


def _libraries_of(root: Path) -> Iterator[Path]:
    """Yield the libraries outside of `root` that what is in it loads, each once."""
    programs = [root / "python/bin/python3", *root.rglob("*.so"), *root.rglob("*.so.*")]
    seen = set()
    for program in programs:
        listed = subprocess.run(["ldd", program], capture_output=True, text=True, check=False).stdout
        for path in map(Path, FROM_ELSEWHERE.findall(listed)):
            if path.name not in seen and not path.is_relative_to(root):
                seen.add(path.name)
                yield path
