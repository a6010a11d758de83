"""Commands of the project in processes of their own, forked from one that has already imported what takes seconds.

A process of its own is needed where a command is killed, sent a signal, or may not write large files, and for what a command
prints and returns. That commands start alone, with an environment that Python itself reads, is tried with
`sample_library.run_module`.
"""

import atexit
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TextIO

from tests.conftest import ROOT
from tests.fork_server import AskedCommand

# What commands import before and while they work, but the modules that run as the main one.
LIGHT = (
    *("faiss", "onnxruntime", "tokenizers", "fastapi", "uvicorn", "typer", "rich.console", "rich.progress", "rich.table"),
    *("export.index.commands", "export.index.build", "runtime.bootstrap", "runtime.web.api", "runtime.terminal"),
    *("export.storybook.commands", "export.storybook.drawing"),
)
TORCH = (
    *("torch", "transformers", "optimum.exporters.onnx", "onnxruntime", "typer"),
    *("export.models.export", "export.models.clip", "export.models.blip"),
)
LIMIT_S = 300
LOOK_S = 0.01


@dataclass(frozen=True)
class ForkedCommand:
    """A running `python -m MODULE ...`, and the files that have what it prints."""

    pid: int
    told: TextIO
    stdout: Path
    stderr: Path

    def wait_for(self, text: str) -> None:
        """Wait until it has printed some text.

        Raises:
            AssertionError: it ended without, or took too long.
        """
        begun = time.monotonic()
        while text not in self.stdout.read_text("utf-8"):
            assert self._lives(), f"it ended before {text!r}: {self.stderr.read_text('utf-8')}"
            assert time.monotonic() - begun < LIMIT_S, f"it did not print {text!r}"
            time.sleep(LOOK_S)

    def _lives(self) -> bool:
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return False
        return True

    def send(self, number: signal.Signals) -> None:
        """Send it a signal."""
        os.kill(self.pid, number)

    def end(self) -> tuple[int, str]:
        """Wait for its end; return its exit code, negative for a signal, and what it wrote to stderr."""
        try:
            code = int(self.told.readline())
        except TimeoutError:
            with suppress(ProcessLookupError):
                self.send(signal.SIGKILL)
            raise
        self.told.close()
        return code, self.stderr.read_text("utf-8")


def start_forked(
    module: str,
    arguments: Sequence[str],
    scratch: Path,
    *,
    environment: dict[str, str] | None = None,
    max_file_bytes: int | None = None,
    folder: Path | None = None,
    preloaded: tuple[str, ...] = TORCH,
) -> ForkedCommand:
    """Start a module as the main one.

    Args:
        module: as for `python -m`.
        arguments: those of the command.
        scratch: a folder for the files of its output; made if absent.
        environment: its variables; None gives the tests'. What Python or a preloaded module reads once has no effect.
        max_file_bytes: how large its files may grow; None is without limit.
        folder: where it works; None is the tests' own.
        preloaded: the modules that the process has imported from which it is forked.
    """
    scratch.mkdir(parents=True, exist_ok=True)
    stdout, stderr = scratch / "stdout", scratch / "stderr"
    stdout.touch()
    stderr.touch()
    given = dict(os.environ) if environment is None else environment
    asked = AskedCommand(module, [*arguments], str(folder or Path.cwd()), given, str(stdout), str(stderr), max_file_bytes)
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(LIMIT_S)
    connection.connect(_server(preloaded))
    with connection:
        told = connection.makefile("r", encoding="utf-8")
        connection.sendall(asked.to_json().encode() + b"\n")
    return ForkedCommand(int(told.readline()), told, stdout, stderr)


def run_forked(
    *arguments: str,
    environment: dict[str, str] | None = None,
    folder: Path | None = None,
    preloaded: tuple[str, ...] = LIGHT,
) -> "subprocess.CompletedProcess[str]":
    """Run `python -m ...` as `sample_library.run_module` does, in a fork."""
    module, *rest = arguments
    with TemporaryDirectory() as scratch:
        command = start_forked(module, rest, Path(scratch), environment=environment, folder=folder, preloaded=preloaded)
        code, errors = command.end()
        return subprocess.CompletedProcess(arguments, code, command.stdout.read_text("utf-8"), errors)


@cache
def _server(preloaded: tuple[str, ...]) -> str:
    """Start the process that has imported some modules, for as long as the tests run; return where it listens."""
    folder = TemporaryDirectory()
    path = f"{folder.name}/asked"
    command = [sys.executable, "-m", "tests.fork_server", path, *preloaded]
    process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE)
    atexit.register(_end, process, folder)
    begun = time.monotonic()
    while not Path(path).with_suffix(".ready").exists():
        assert process.poll() is None, "the fork server ended"
        assert time.monotonic() - begun < LIMIT_S, "the fork server did not start"
        time.sleep(LOOK_S)
    return path


def _end(process: "subprocess.Popen[bytes]", folder: "TemporaryDirectory[str]") -> None:
    process.communicate()  # closes its stdin
    folder.cleanup()
