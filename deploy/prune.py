"""Removes from installed packages what searches never import, for the image and the Lambda zip.

Owns the lists of packages and files to remove; installs nothing. The Dockerfile, which has only this file, runs
`python deploy/prune.py FOLDER`.
"""

import shutil
import sys
from collections.abc import Iterable, Iterator
from importlib.metadata import Distribution
from pathlib import Path

# Required by a package, but imported by nothing at run time: tokenizers requires huggingface_hub to download by name,
# onnxruntime requires flatbuffers and protobuf for its tools.
UNUSED = ("huggingface-hub", "hf-xet", "fsspec", "filelock", "tqdm", "pyyaml", "flatbuffers", "protobuf")

# Glob patterns below the folder of packages. Licences and `*.dist-info` stay: some packages read their own version.
UNUSED_PARTS = (
    "bin",
    "**/__pycache__",
    "**/tests",
    "**/test",
    "**/*.py[ix]",
    "**/*.pxd",
    "**/*.[ach]",
    "onnxruntime/capi/libonnxruntime.so*",  # the C library; Python's module has it built in
    "onnxruntime/backend",
    "onnxruntime/datasets",
    "onnxruntime/quantization",
    "onnxruntime/tools",
    "onnxruntime/transformers",
    "numpy/_core/_simd*.so",  # for numpy's own tests, as the next one
    "numpy/_core/_*_tests*.so",
    "numpy/_core/include",
    "numpy/_pyinstaller",
    "numpy/f2py",
    "numpy/fft",
    "numpy/polynomial",  # numpy itself imports this, the next and fft only when they are named
    "numpy/testing",
    "numpy/random/_examples",
    "PIL/_imagingtk*.so",
    "PIL/_imagingmath*.so",
    "PIL/_imagingmorph*.so",
    "PIL/_imagingcms*.so",  # colour profiles, and their library
    "pillow.libs/liblcms2*",
    "PIL/_imagingft*.so",  # fonts, and their libraries
    "pillow.libs/libfreetype*",
    "pillow.libs/libharfbuzz*",
    "pillow.libs/libbrotli*",
    "pillow.libs/libpng*",
    "faiss/contrib",
    "pydantic/v1",  # FastAPI imports it only to refuse its models, and does without: 25 ms of each start
    "pygments/lexers/[!_]*",  # rich highlights no code here, but imports the rest
    "pygments/lexers/_[a-z]*_*",
    "pygments/formatters/[!_]*",
    "pygments/styles/[!_]*",
    "boto3/examples",
    "botocore/data/*/*/examples-1.json",  # for documents
    "*.dist-info/RECORD",  # wrong after pruning; removed last, as packages are removed by it
    "*.dist-info/sboms",
)
# Services of AWS that the function calls; botocore describes four hundred.
AWS_SERVICES = frozenset({"s3", "s3vectors", "secretsmanager", "sts"})


def prune(packages: Path, distributions: Iterable[str] = UNUSED, parts: Iterable[str] = UNUSED_PARTS) -> int:
    """Return how many bytes were freed below `packages`, a folder that `pip install --target` made.

    Args:
        packages: the folder; the other arguments may name what it does not have, as architectures differ.
        distributions: normalized names of packages to remove.
        parts: glob patterns, below the folder, of files and folders to remove.
    """
    before = size_of(packages)
    for distribution in installed(packages):
        if normalized_name(distribution) in distributions:
            remove_distribution(packages, distribution)
    for pattern in parts:
        for path in list(packages.glob(pattern)):
            remove(path)
    for service in packages.glob("boto*/data/*/"):
        if service.name not in AWS_SERVICES:
            remove(service)
    remove_empty_folders(packages)
    return before - size_of(packages)


def installed(packages: Path) -> Iterator[Distribution]:
    """Yield what is installed in a folder, by name."""
    for folder in sorted(packages.glob("*.dist-info")):
        yield Distribution.at(folder)


def normalized_name(distribution: Distribution) -> str:
    """Return a package's name as the lists here write it: `huggingface-hub`."""
    return distribution.metadata["Name"].lower().replace("_", "-").replace(".", "-")


def files_of(packages: Path, distribution: Distribution) -> list[Path]:
    """Return the files of a package that are below the folder; its scripts may be elsewhere."""
    found = [Path(str(file.locate())) for file in distribution.files or ()]
    return [path for path in found if path.is_relative_to(packages) and ".." not in path.parts and path.is_file()]


def remove_distribution(packages: Path, distribution: Distribution) -> None:
    """Remove a package's files, as its own record lists them."""
    for path in files_of(packages, distribution):
        path.unlink()


def remove(path: Path) -> None:
    """Remove a file or a folder, if it still exists."""
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def remove_empty_folders(folder: Path) -> None:
    """Remove empty folders at any depth."""
    for path in sorted(folder.rglob("*/"), reverse=True):
        if not any(path.iterdir()):
            path.rmdir()


def size_of(path: Path) -> int:
    """Return the bytes of a file, or of all files below a folder."""
    files = path.rglob("*") if path.is_dir() else [path]
    return sum(file.stat().st_size for file in files if file.is_file())


if __name__ == "__main__":
    freed = prune(Path(sys.argv[1]))
    print(f"{sys.argv[1]}: freed {freed / 1e6:.0f} MB")
