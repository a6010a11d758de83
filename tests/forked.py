"""Commands of the project in processes of their own, forked from one that has already imported what takes seconds.

A process of its own is needed where a command is killed, sent a signal, or may not write large files. torch is imported
once, by a fork server that runs nothing else and has one thread.
"""

import multiprocessing
import os
import runpy
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.context import ForkServerContext, ForkServerProcess
from pathlib import Path
from signal import SIGKILL, Signals

PRELOADED = ["torch", "transformers", "optimum.exporters.onnx", "onnxruntime", "export.models.export", "typer"]
LIMIT_S = 300
LOOK_S = 0.01


@dataclass(frozen=True)
class ForkedCommand:
    """A running `python -m MODULE ...`, and the files that have what it prints."""

    process: ForkServerProcess
    stdout: Path
    stderr: Path

    def wait_for(self, text: str) -> None:
        """Wait until it has printed some text.

        Raises:
            AssertionError: it ended without, or took too long.
        """
        begun = time.monotonic()
        while text not in self.stdout.read_text("utf-8"):
            assert self.process.is_alive(), f"it ended before {text!r}: {self.stderr.read_text('utf-8')}"
            assert time.monotonic() - begun < LIMIT_S, f"it did not print {text!r}"
            time.sleep(LOOK_S)

    def send(self, signal: Signals) -> None:
        """Send it a signal."""
        assert self.process.pid
        os.kill(self.process.pid, signal)

    def end(self) -> tuple[int | None, str]:
        """Wait for its end; return its exit code, negative for a signal, and what it wrote to stderr."""
        self.process.join(LIMIT_S)
        with suppress(ProcessLookupError):
            self.send(SIGKILL)
        return self.process.exitcode, self.stderr.read_text("utf-8")


def start_forked(
    module: str, arguments: Sequence[str], scratch: Path, *, max_file_bytes: int | None = None
) -> ForkedCommand:
    """Start a module as the main one.

    Args:
        module: as for `python -m`.
        arguments: those of the command.
        scratch: a folder for the files of its output; made if absent.
        max_file_bytes: how large its files may grow; None is without limit.
    """
    scratch.mkdir(parents=True, exist_ok=True)
    stdout, stderr = scratch / "stdout", scratch / "stderr"
    stdout.touch()
    stderr.touch()
    given = (module, [module, *arguments], Path.cwd(), stdout, stderr, max_file_bytes)
    process = _context().Process(target=_run, args=given)
    process.start()
    return ForkedCommand(process, stdout, stderr)


def _context() -> ForkServerContext:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(PRELOADED)
    return context


def _run(module: str, argv: list[str], folder: Path, stdout: Path, stderr: Path, max_file_bytes: int | None) -> None:
    import resource

    for path, descriptor in ((stdout, 1), (stderr, 2)):
        opened = os.open(path, os.O_WRONLY | os.O_APPEND)
        os.dup2(opened, descriptor)
    sys.stdout = os.fdopen(1, "w", buffering=1, encoding="utf-8")
    sys.stderr = os.fdopen(2, "w", buffering=1, encoding="utf-8")
    os.chdir(folder)
    if max_file_bytes is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (max_file_bytes, max_file_bytes))
    sys.argv = argv
    runpy.run_module(module, run_name="__main__", alter_sys=True)
