"""template.yaml, or another, as AWS makes it: translated once a session by SAM itself."""

import functools
import json
import os
import subprocess
from pathlib import Path
from typing import Any

from tests.conftest import ROOT
from tests.deploy.emulator import sam_tool

TEMPLATE = ROOT / "template.yaml"
OFFLINE = os.environ | {"SAM_CLI_TELEMETRY": "0", "AWS_DEFAULT_REGION": "eu-central-1", "PYTHONWARNINGS": "ignore"}


@functools.cache
def translated_template(template: Path = TEMPLATE) -> dict[str, Any]:
    command = [sam_tool("python"), ROOT / "tests" / "deploy" / "translate.py", template]
    done = subprocess.run(command, cwd=ROOT, env=OFFLINE, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return dict(json.loads(done.stdout))
