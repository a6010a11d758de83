"""The Lambda zip of the tier that only searches: `python -m deploy.lambda_zip`, one folder and one zip an architecture.

Lays packages, code and artefacts where the settings' defaults look for them, and holds the sum against Lambda's limit.
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
# For serving, the command line and pictures: handler.py imports none of it, and where CLIP's image tower and BLIP are left
# out, no picture is decoded.
NOT_SEARCHING = ("uvicorn", "click", "typer", "shellingham", "rich", "pygments", "markdown-it-py", "mdurl", "pillow")


def build(architecture: str, folder: Path, models: Path, index: Path | None) -> None:
    """Build the folder anew.

    Raises:
        FolderUnusable: models or index are not what they should be.
        BuildFailed: pip or the compiler failed.
    """
    shutil.rmtree(folder, ignore_errors=True)
    copy_models(models, folder / "artifacts" / "models")
    if index:
        copy_index(index, folder / "artifacts" / "index")
    download_packages(architecture, ROOT / "requirements.txt", folder)
    prune(folder, (*UNUSED, *NOT_SEARCHING))
    for part in ("runtime", "frontend"):
        shutil.copytree(ROOT / part, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "handler.py", folder)
    if not compile_code(folder):
        version = ".".join(map(str, LAMBDA_PYTHON))
        print(f"note: there is no Python {version} here, so no .pyc files (11 MB): each cold start compiles for 0.8 s more")


def told_weights(folder: Path) -> str:
    """Return a table of what below the folder weighs 1 MB and more, heaviest first; the rest is one line."""
    parts = [*folder.iterdir(), *(folder / "artifacts").iterdir()]
    weights = {str(path.relative_to(folder)): size_of(path) for path in parts if path.name != "artifacts"}
    heavy = {name: weight for name, weight in weights.items() if weight >= 1_000_000}
    heavy[f"{len(weights) - len(heavy)} more"] = sum(weights.values()) - sum(heavy.values())
    rows = sorted(heavy.items(), key=lambda row: row[1], reverse=True)
    return "\n".join(f"{weight / 1e6:8.1f} MB  {name}" for name, weight in rows)


def told_against_limit(architecture: str, given_bytes: int, zipped_bytes: int) -> str:
    """Return one line: the size, and what is left below Lambda's limit or how much is over it."""
    size = f"{architecture}: {given_bytes:,} bytes unzipped ({zipped_bytes:,} zipped) of {LIMIT_BYTES:,} allowed"
    if given_bytes <= LIMIT_BYTES:
        return f"{size}: {LIMIT_BYTES - given_bytes:,} left"
    return f"{size}: {given_bytes - LIMIT_BYTES:,} over; leave the index out of the zip, or use the image"


def main() -> None:
    """Build for each architecture; exit code 1 where one is over the limit or cannot be built."""
    parser = argparse.ArgumentParser(prog="python -m deploy.lambda_zip", description="Build the Lambda zip.")
    parser.add_argument("--models", type=Path, default=ROOT / "sample" / "models", help="the exported models")
    parser.add_argument("--index", type=Path, help="the index; without one, the function must get it from elsewhere")
    parser.add_argument("--out", type=Path, default=ROOT / "artifacts" / "lambda-zip", help="where the folders go")
    parser.add_argument("--arch", action="append", choices=list(PIP_ARCHITECTURES), help="both, unless said")
    given = parser.parse_args()
    over = False
    for architecture in given.arch or PIP_ARCHITECTURES:
        folder = given.out / architecture
        try:
            build(architecture, folder, given.models, given.index)
        except (FolderUnusable, BuildFailed) as error:
            sys.exit(f"error: {error}")
        zipped = Path(shutil.make_archive(os.fspath(folder), "zip", folder))
        print(told_weights(folder))
        print(told_against_limit(architecture, size_of(folder), zipped.stat().st_size))
        over |= size_of(folder) > LIMIT_BYTES
    sys.exit(over)


if __name__ == "__main__":
    main()
