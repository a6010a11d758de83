"""Runs commands of the documents as a shell would, in a folder and an environment of their own."""

import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

LIMIT_S = 900


@dataclass(frozen=True)
class ShellFolder:
    """Where the commands run, and the environment that they run in."""

    folder: Path
    environment: Mapping[str, str]

    def run(self, text: str) -> "subprocess.CompletedProcess[str]":
        """Run a command to its end."""
        shell = ["bash", "-euo", "pipefail", "-c", text]
        return subprocess.run(
            shell, cwd=self.folder, env=self.environment, capture_output=True, text=True, timeout=LIMIT_S, check=False
        )
