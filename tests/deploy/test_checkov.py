"""checkov finds nothing in the templates but what template.yaml says why it is so. `make template-check` installs it."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT
from tests.deploy.emulator import sam_tool

CHECKOV = Path(os.environ.get("CHECKOV") or Path(sys.prefix) / "checkov" / "bin" / "checkov")
EXCEPTION = re.compile(r"# checkov:skip=(\w+):(.*)")

pytestmark = pytest.mark.skipif(not CHECKOV.exists(), reason="checkov is large: `make template-check` installs it")


def checked(template: Path) -> dict[str, Any]:
    """Return checkov's results; it asks nobody on the network."""
    command: list[str | Path] = [
        CHECKOV,
        "--framework=cloudformation",
        "--skip-download",
        "--output=json",
        f"--file={template}",
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=600, check=False)
    assert done.stdout, done.stderr
    results: dict[str, Any] = json.loads(done.stdout)["results"]
    assert results["passed_checks"]
    assert results["parsing_errors"] == []
    return results


def test_every_exception_is_needed_and_has_its_reason() -> None:
    results = checked(ROOT / "template.yaml")
    assert [failed["check_id"] for failed in results["failed_checks"]] == []
    exceptions = EXCEPTION.findall((ROOT / "template.yaml").read_text("utf-8"))
    assert sorted(check for check, _ in exceptions) == sorted(one["check_id"] for one in results["skipped_checks"])
    assert all(len(reason.split()) > 3 for _, reason in exceptions)


def test_the_template_of_the_zip_has_no_other_exceptions(tmp_path: Path) -> None:
    (tmp_path / "x86_64").mkdir()
    command: list[str | Path] = [sam_tool("python"), "-m", "deploy.zip_template", tmp_path / "x86_64"]
    made = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=True).stdout
    (tmp_path / "template.json").write_text(made, "utf-8")
    found = {failed["check_id"] for failed in checked(tmp_path / "template.json")["failed_checks"]}
    assert found <= {check for check, _ in EXCEPTION.findall((ROOT / "template.yaml").read_text("utf-8"))}
