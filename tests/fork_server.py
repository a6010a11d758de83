"""A process that imports what takes seconds, and then runs each command that it is asked for in a fork of itself.

Started by `forked.py`, once for each set of modules. It runs nothing else and has one thread, so that its forks are whole.

    python -m tests.fork_server SOCKET MODULE...
"""

import atexit
import gc
import importlib
import json
import os
import resource
import runpy
import select
import signal
import socket
import sys
import threading
import traceback
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

MESSAGE_BYTES = 1 << 20


@dataclass(frozen=True)
class AskedCommand:
    """`python -m MODULE ...` in a folder with an environment; what it prints goes into two files."""

    module: str
    arguments: list[str]
    folder: str
    environment: dict[str, str]
    stdout: str
    stderr: str
    max_file_bytes: int | None = None

    def to_json(self) -> str:
        """Return it as one line."""
        return json.dumps(asdict(self))


def serve(listening: socket.socket) -> None:
    """Run commands until stdin, which the one who started this process holds, is closed."""
    while True:
        readable, _, _ = select.select([listening, sys.stdin], [], [])
        if sys.stdin in readable:
            break
        asked, _ = listening.accept()
        if os.fork() == 0:
            listening.close()
            _attend(asked)
        asked.close()
        with suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
    with suppress(ChildProcessError):
        while True:
            os.wait()


def _attend(asked: socket.socket) -> None:
    """Start one command, tell its process id, wait for its end, and tell its exit code, negative for a signal."""
    with asked, asked.makefile("rw", encoding="utf-8") as lines:
        command = AskedCommand(**json.loads(lines.readline()))
        child = os.fork()
        if child == 0:
            _become(command)
        lines.write(f"{child}\n")
        lines.flush()
        status = os.waitpid(child, 0)[1]
        lines.write(f"{os.waitstatus_to_exitcode(status)}\n")
    os._exit(0)


def _become(command: AskedCommand) -> None:
    """Run the command as an interpreter of its own would, to its exit."""
    for number, path, flags in ((0, os.devnull, os.O_RDONLY), (1, command.stdout, None), (2, command.stderr, None)):
        opened = os.open(path, os.O_WRONLY | os.O_APPEND if flags is None else flags)
        os.dup2(opened, number)
        os.close(opened)
    sys.stdin, sys.stdout = open(0, encoding="utf-8"), open(1, "w", encoding="utf-8")  # noqa: SIM115
    sys.stderr = open(2, "w", buffering=1, encoding="utf-8")  # noqa: SIM115
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.environ.clear()
    os.environ.update(command.environment)
    os.chdir(command.folder)
    if command.max_file_bytes is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (command.max_file_bytes, command.max_file_bytes))
    sys.argv = [command.module, *command.arguments]
    code = _exit_code(command.module)
    threading._shutdown()  # type: ignore[attr-defined]  # waits for threads that are no daemons
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    os._exit(code)


def _exit_code(module: str) -> int:
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    except SystemExit as ended:
        given: Any = ended.code
        if given is None or isinstance(given, int):
            return given or 0
        print(given, file=sys.stderr)
        return 1
    except BaseException:
        traceback.print_exc()
        return 1
    return 0


def main(path: str, *modules: str) -> None:
    for module in modules:
        importlib.import_module(module)
    gc.collect()
    gc.freeze()  # or the first collection of each fork would copy every page that has an object
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(path)
        listening.listen()
        Path(path).with_suffix(".ready").touch()
        serve(listening)


if __name__ == "__main__":
    main(*sys.argv[1:])
