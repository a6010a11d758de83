"""The lock files: every package has a version and hashes, they hold what is asked for, and all installs use them."""

import re
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

from deploy.lock import ALONE, APART, EXPORT, EXPORT_VERSIONS, TOGETHER, lock_name
from deploy.prune import UNUSED
from tests.conftest import ROOT

LOCKED = (*TOGETHER, *APART, *ALONE)
HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}")


def entries(name: str) -> list[str]:
    """Each package of a file of requirements or a lock, with its hashes, as one line; no other file that it reads."""
    text = re.sub(r"#.*", "", (ROOT / name).read_text("utf-8")).replace("\\\n", " ")
    return [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("-")]


def requirement(entry: str) -> Requirement:
    return Requirement(HASH.sub("", entry).strip())


def versions(name: str) -> dict[str, set[str]]:
    """The pinned versions of each package; more than one where they depend on the machine."""
    found: dict[str, set[str]] = {}
    for entry in entries(name):
        wanted = requirement(entry)
        assert re.fullmatch(r"==[^*,]+", str(wanted.specifier)), f"{name}: {entry} is no exact version"
        found.setdefault(wanted.name.lower().replace("_", "-"), set()).add(str(wanted.specifier)[2:])
    return found


@pytest.mark.parametrize("name", LOCKED)
def test_every_package_of_a_lock_has_a_hash(name: str) -> None:
    without = [entry for entry in entries(lock_name(name)) if not HASH.search(entry)]
    assert without == []
    assert entries(lock_name(name))


@pytest.mark.parametrize("name", LOCKED)
def test_a_lock_holds_the_versions_that_are_asked_for(name: str) -> None:
    locked = versions(lock_name(name))
    for package, [version] in versions(name).items():
        assert {Version(one) for one in locked[package]} == {Version(version)}


def test_what_is_installed_together_has_one_version() -> None:
    together = [versions(lock_name(name)) for name in TOGETHER] + [versions(EXPORT_VERSIONS)]
    for package in {package for locked in together for package in locked}:
        assert len({frozenset(locked[package]) for locked in together if package in locked}) == 1, package


def test_the_conversion_side_is_held_to_the_versions_tried() -> None:
    assert versions(EXPORT).items() <= versions(EXPORT_VERSIONS).items()


@pytest.mark.parametrize("name", ALONE)
def test_a_package_of_models_brings_nothing_along(name: str) -> None:
    assert set(versions(lock_name(name))) == set(versions(name))
    assert len(versions(name)) == 1


def test_what_nothing_imports_is_not_shipped() -> None:
    assert set(UNUSED) & set(versions("requirements.lock")) == set()


@pytest.mark.parametrize("name", ["Makefile", "Dockerfile", "deploy/packages.py"])
def test_what_is_shipped_is_installed_by_its_hashes(name: str) -> None:
    text = (ROOT / name).read_text("utf-8")
    assert "--require-hashes" in text
    assert "--no-deps" in text
    assert re.findall(r"-r (?:requirements|deploy/requirements-lambda)\.txt", text) == []


@pytest.mark.parametrize("path", [lock_name(name) for name in LOCKED] + [EXPORT_VERSIONS])
def test_a_lock_names_no_host_and_no_folder(path: str) -> None:
    assert re.findall(r"https?://|file:|^--(?:index|extra|find)", (ROOT / path).read_text("utf-8"), re.MULTILINE) == []
    assert Path(path).suffix in {".lock", ".txt"}
