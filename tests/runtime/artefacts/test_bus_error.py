"""A mapped file that is cut short while it is read ends the process, with a line and an exit code."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from runtime.artefacts.bus_error import ENDED_BY_BUS_ERROR
from tests.conftest import ROOT

SCRIPT = """
import logging, mmap, os, sys, threading
from pathlib import Path
from runtime.artefacts.bus_error import end_on_bus_error
logging.basicConfig(format="%(levelname)s %(message)s")
path = Path(sys.argv[1])
end_on_bus_error(lambda: [path] if path.stat().st_size < 8192 else [])
file = path.open("rb")
mapped = mmap.mmap(file.fileno(), 8192, access=mmap.ACCESS_READ)
os.truncate(path, 0)
reading = threading.Thread(target=lambda: mapped[5000])
reading.start() if sys.argv[2] == "thread" else mapped[5000]
reading.join()
print("still here")
"""


@pytest.mark.skipif(not hasattr(signal, "SIGBUS"), reason="this system has no such signal")
@pytest.mark.parametrize("reader", ["main", "thread"])
def test_one_line_names_the_file_and_the_exit_code_is_a_shells(tmp_path: Path, reader: str) -> None:
    (tmp_path / "index.faiss").write_bytes(bytes(8192))
    command = [sys.executable, "-c", SCRIPT, str(tmp_path / "index.faiss"), reader]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == ENDED_BY_BUS_ERROR
    assert done.stdout == ""
    [line] = done.stderr.splitlines()
    assert line.startswith("CRITICAL ")
    assert str(tmp_path / "index.faiss") in line
