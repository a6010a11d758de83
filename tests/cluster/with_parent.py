"""Processes that end with the one that started them, even where that is killed: else a server stays after its tests."""

import shutil
import sys

WITH_PARENT = ["setpriv", "--pdeathsig", "KILL"] if shutil.which("setpriv") else []
"""What goes before a command. Without setpriv (of util-linux), its process stays."""
PYTHON = [*WITH_PARENT, sys.executable]
