"""Desktop: shows a file in its folder, in the file manager of the user who runs the server. No shell is asked.

Knows no HTTP; who may have a folder opened is `open_folder.py`'s.
"""

import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path, PurePath

PROGRAMS = {"darwin": "open", "win32": "explorer"}
DISPLAYS = ("DISPLAY", "WAYLAND_DISPLAY")
Command = str | Sequence[str]


class Desktop:
    """A desktop that can show files. Any thread may ask."""

    def __init__(self, command_for: Callable[[Path], Command]) -> None:
        """Keep what makes the command that shows a file, from its absolute path."""
        self._command_for = command_for

    def show(self, file: Path) -> None:
        """Start the file manager, and return at once.

        Raises:
            OSError: it cannot be started.
        """
        quiet = subprocess.DEVNULL
        process = subprocess.Popen(self._command_for(file), stdin=quiet, stdout=quiet, stderr=quiet, start_new_session=True)
        # it may stay open for hours; without a waiter it would be left as a zombie
        threading.Thread(target=process.wait, name="file manager", daemon=True).start()


def find_desktop(
    platform: str = sys.platform,
    environ: Mapping[str, str] = os.environ,
    which: Callable[[str], str | None] = shutil.which,
) -> Desktop | None:
    """Return the desktop of who runs this process; None where there is none, as on a server or in a container."""
    name = PROGRAMS.get(platform, "xdg-open")
    if platform not in PROGRAMS and not any(environ.get(display) for display in DISPLAYS):
        return None
    program = which(name)
    return Desktop(partial(command_for, platform, program)) if program else None


def command_for(platform: str, program: str, file: PurePath) -> Command:
    """Return what shows a file, by its absolute path, on a system; `xdg-open` can show no more than its folder."""
    if platform == "darwin":
        return program, "-R", str(file)
    if platform == "win32":
        # As one text: explorer wants quotation marks around the path alone. No path has any, on Windows.
        return f'"{program}" /select,"{file}"'
    return program, str(file.parent)
