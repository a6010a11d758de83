"""Installed size: the files of some packages and of everything they require, as pip recorded them, without .pyc files.

Sometimes pip writes those, sometimes the first start does, so counting them would make sizes incomparable.
"""

import shutil
from collections.abc import Iterable, Iterator
from importlib.metadata import distribution
from pathlib import Path
from tempfile import TemporaryDirectory

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from deploy.prune import prune, size_of

# What the seed's server imports; torch here is the wheel without CUDA, which is much smaller.
SEED_PACKAGES = ("torch", "transformers", "faiss-cpu", "fastapi", "uvicorn", "pillow", "groq", "python-dotenv")


def runtime_packages(requirements: Path) -> list[str]:
    """Return the requirements that a file lists, comments left out."""
    lines = (line.partition("#")[0].strip() for line in requirements.read_text("utf-8").splitlines())
    return [line for line in lines if line]


def installed_mb(requirements: Iterable[str]) -> float:
    """Return the size in MB of every file that pip recorded for these packages and for what they require in turn.

    Raises:
        importlib.metadata.PackageNotFoundError: one of them is not installed.
    """
    return sum(file.stat().st_size for file, _ in _files(requirements)) / 1e6


def pruned_mb(requirements: Iterable[str]) -> float:
    """Return the size in MB that is left of them in the image: copies them, and prunes the copy.

    Raises:
        importlib.metadata.PackageNotFoundError: one of them is not installed.
    """
    with TemporaryDirectory() as scratch:
        for file, place in _files(requirements):
            target = Path(scratch) / place
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, target)
        prune(Path(scratch))
        return size_of(Path(scratch)) / 1e6


def closure(requirements: Iterable[str]) -> set[str]:
    """Return the names of these packages and of all that they require on this machine."""
    waiting, done = [Requirement(line) for line in requirements], set[tuple[str, frozenset[str]]]()
    while waiting:
        wanted = waiting.pop()
        key = (canonicalize_name(wanted.name), frozenset(wanted.extras))
        if key not in done:
            done.add(key)
            waiting += _required_by(wanted)
    return {name for name, _ in done}


def _required_by(wanted: Requirement) -> Iterator[Requirement]:
    for line in distribution(wanted.name).requires or ():
        required = Requirement(line)
        extras = ("", *wanted.extras)
        if required.marker is None or any(required.marker.evaluate({"extra": extra}) for extra in extras):
            yield required


def _files(requirements: Iterable[str]) -> Iterator[tuple[Path, str]]:
    """Yield each file that is there, and its place below the folder of packages; commands lie beside it and are left out."""
    for name in closure(requirements):
        for file in distribution(name).files or ():
            path = Path(str(file.locate()))
            if path.suffix != ".pyc" and ".." not in file.parts and path.is_file():
                yield path, str(file)
