"""Builds the Lambda zip that only searches: `python -m deploy.lambda_zip`, one folder and one zip for each architecture.

Puts packages, code and artefacts where the default settings expect them, and compares their size with Lambda's limit.
Deploys nothing.
"""

import argparse
import os
import shutil
import sys
from pathlib import Path

from deploy.packages import LAMBDA_PYTHON, PIP_ARCHITECTURES, BuildFailed, compile_code, download_packages
from deploy.prune import UNUSED, prune, size_of
from deploy.search_only import FolderUnusable, copy_index, copy_models

ROOT = Path(__file__).resolve().parent.parent
LIMIT_BYTES = 262_144_000  # 250 MiB unzipped ("Lambda quotas" in AWS's documents)
# For serving and the command line: handler.py imports none of it. Without image tower and captioner, no picture is decoded.
NOT_ON_LAMBDA = ("uvicorn", "click", "typer", "shellingham", "rich", "pygments", "markdown-it-py", "mdurl")
NOT_FOR_SEARCH = (*NOT_ON_LAMBDA, "pillow")


def build(architecture: str, folder: Path, models: Path | None, index: Path | None) -> None:
    """Build the folder from nothing. Without models, it can do all that the image can, and fetches them from S3.

    Raises:
        FolderUnusable: models or index lack a file.
        BuildFailed: pip or the compiler failed.
    """
    shutil.rmtree(folder, ignore_errors=True)
    if models:
        copy_models(models, folder / "artifacts" / "models")
    if index:
        copy_index(index, folder / "artifacts" / "index")
    download_packages(architecture, ROOT / "requirements.lock", folder)
    prune(folder, (*UNUSED, *(NOT_FOR_SEARCH if models else NOT_ON_LAMBDA)))
    for part in ("runtime", "frontend"):
        shutil.copytree(ROOT / part, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "handler.py", folder)
    if not compile_code(folder):
        version = ".".join(map(str, LAMBDA_PYTHON))
        print(f"note: there is no Python {version} here, so no .pyc files (11 MB): compiling adds 0.8 s to each cold start")


def size_table(folder: Path) -> str:
    """Return a table of the parts of the folder of 1 MB and more, largest first; the rest is one line."""
    parts = [*folder.iterdir(), *(folder / "artifacts").glob("*")]
    sizes = {str(path.relative_to(folder)): size_of(path) for path in parts if path.name != "artifacts"}
    large = {name: size for name, size in sizes.items() if size >= 1_000_000}
    large[f"{len(sizes) - len(large)} more"] = sum(sizes.values()) - sum(large.values())
    rows = sorted(large.items(), key=lambda row: row[1], reverse=True)
    return "\n".join(f"{size / 1e6:8.1f} MB  {name}" for name, size in rows)


def compare_with_limit(architecture: str, unzipped_bytes: int, zipped_bytes: int) -> str:
    """Return a line with the size, and how far it is below or over Lambda's limit."""
    size = f"{architecture}: {unzipped_bytes:,} bytes unzipped ({zipped_bytes:,} zipped) of {LIMIT_BYTES:,} allowed"
    if unzipped_bytes <= LIMIT_BYTES:
        return f"{size}: {LIMIT_BYTES - unzipped_bytes:,} left"
    return f"{size}: {unzipped_bytes - LIMIT_BYTES:,} over; leave the index out of the zip, or use the image"


def main() -> None:
    """Build for each architecture; exit code 1 where one is over the limit or cannot be built."""
    parser = argparse.ArgumentParser(prog="python -m deploy.lambda_zip", description="Build the Lambda zip.")
    parser.add_argument("--models", type=Path, default=ROOT / "sample" / "models", help="the exported models")
    parser.add_argument("--without-models", action="store_true", help="no models: the function fetches all from MODELS_URL")
    parser.add_argument("--index", type=Path, help="the index; without one, the function must get it from elsewhere")
    parser.add_argument("--out", type=Path, default=ROOT / "artifacts" / "lambda-zip", help="where the folders go")
    parser.add_argument("--arch", action="append", choices=list(PIP_ARCHITECTURES), help="default: both")
    given = parser.parse_args()
    over = False
    for architecture in given.arch or PIP_ARCHITECTURES:
        folder = given.out / architecture
        try:
            build(architecture, folder, None if given.without_models else given.models, given.index)
        except (FolderUnusable, BuildFailed) as error:
            sys.exit(f"error: {error}")
        zipped = Path(shutil.make_archive(os.fspath(folder), "zip", folder))
        print(size_table(folder))
        print(compare_with_limit(architecture, size_of(folder), zipped.stat().st_size))
        over |= size_of(folder) > LIMIT_BYTES
    sys.exit(over)


if __name__ == "__main__":
    main()
