"""Lists what Lookwhy ships: `python -m deploy.sbom ENVIRONMENT OUT`, in CycloneDX's form and as a table of licences.

Fails where a package names a licence that is not in `ALLOWED`, or none. Packages that carry compiled libraries of others
(numpy, faiss, Pillow) name those in their own `*.dist-info`.
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from deploy.prune import UNUSED

ROOT = Path(__file__).resolve().parent.parent
SBOM_NAME, TABLE_NAME = "lookwhy.cdx.json", "licences.md"
# May be shipped with code under MIT: they ask for their text to travel along, MPL-2.0 for changes to its own files.
ALLOWED = frozenset(
    {"0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "CC0-1.0", "ISC", "MIT", "MIT-CMU", "MPL-2.0", "PSF-2.0", "Zlib"}
)
# What packages without an SPDX expression say, as "Trove classifiers" of the package index.
CLASSIFIERS = {
    "License :: OSI Approved :: Apache Software License": "Apache-2.0",
    "License :: OSI Approved :: BSD License": "BSD-3-Clause",
    "License :: OSI Approved :: MIT License": "MIT",
    "License :: OSI Approved :: Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
}


class Refused(Exception):
    """A package must not be shipped; the message names it, and why."""


def licence_of(component: Mapping[str, Any]) -> str:
    """Return a component's licence as one SPDX expression; of several entries, all hold.

    Raises:
        Refused: it names none.
    """
    named = []
    for entry in component.get("licenses", ()):
        licence = entry.get("license", {})
        text = entry.get("expression") or licence.get("id") or licence.get("name", "")
        named.append(CLASSIFIERS.get(text, text))
    if not any(named):
        raise Refused(f"{component['name']} {component['version']} names no licence")
    return " AND ".join(dict.fromkeys(f"({name})" if " OR " in name and len(named) > 1 else name for name in named))


def is_allowed(expression: str) -> bool:
    """Say whether an SPDX expression may be met with allowed licences alone; brackets are taken for no more than spaces."""
    every = expression.replace("(", " ").replace(")", " ").split(" AND ")
    return all(any(choice.strip() in ALLOWED for choice in part.split(" OR ")) for part in every)


def check(components: Iterable[Mapping[str, Any]]) -> list[tuple[str, str, str]]:
    """Return name, version and licence of each component, by name.

    Raises:
        Refused: one has a licence that is not allowed, none, or should not be shipped at all.
    """
    rows = []
    for component in sorted(components, key=lambda component: str(component["name"]).lower()):
        name, version, licence = component["name"], component["version"], licence_of(component)
        if not is_allowed(licence):
            raise Refused(f"{name} {version} is under {licence}; allowed are {', '.join(sorted(ALLOWED))} (deploy/sbom.py)")
        if name.lower().replace("_", "-") in UNUSED:
            raise Refused(f"{name} is imported by nothing that is shipped (deploy/prune.py), and was installed all the same")
        rows.append((name, version, licence))
    return rows


def main() -> None:
    """Write the list and the table; exit code 1 where a package is refused."""
    parser = argparse.ArgumentParser(prog="python -m deploy.sbom", description="List what is shipped, with licences.")
    parser.add_argument("environment", type=Path, help="a virtual environment with the shipped packages and nothing else")
    parser.add_argument("out", type=Path, help="the folder for the list and the table")
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    target = given.out / SBOM_NAME
    tool = [sys.executable, "-m", "cyclonedx_py", "environment", str(given.environment / "bin" / "python")]
    options = ["--pyproject", str(ROOT / "pyproject.toml"), "--output-reproducible", "--output-file", str(target)]
    subprocess.run([*tool, *options], check=True)
    try:
        rows = check(json.loads(target.read_text("utf-8"))["components"])
    except Refused as refused:
        sys.exit(f"error: {refused}")
    lines = [f"| {name} | {version} | {licence} |\n" for name, version, licence in rows]
    (given.out / TABLE_NAME).write_text("".join(["| package | version | licence |\n|---|---|---|\n", *lines]), "utf-8")
    print(f"{len(rows)} packages, each under an allowed licence: {target}, {given.out / TABLE_NAME}")


if __name__ == "__main__":
    main()
