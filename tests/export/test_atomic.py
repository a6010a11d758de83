"""A folder that is replaced whole or not at all, and the lock on one: a second run is refused in clear words."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from export.atomic import TERMINATED, locked_folder, staged_folder
from export.errors import OutputUnwritable
from tests.conftest import ROOT


def test_a_second_run_is_refused_with_what_holds_the_folder(tmp_path: Path) -> None:
    with (
        locked_folder(tmp_path / "out", "another build is writing it"),
        pytest.raises(OutputUnwritable, match="another build is writing it"),
        locked_folder(tmp_path / "out", "another build is writing it"),
    ):
        pytest.fail("two runs hold the same folder")


def test_the_folder_is_made_and_no_lock_file_is_left_in_it(tmp_path: Path) -> None:
    with locked_folder(tmp_path / "new" / "out", "in use"):
        pass
    assert list((tmp_path / "new" / "out").iterdir()) == []


@pytest.mark.parametrize("failing", [False, True])
def test_the_folder_is_free_again_however_the_first_run_ended(tmp_path: Path, failing: bool) -> None:
    try:
        with locked_folder(tmp_path, "in use"):
            if failing:
                raise KeyboardInterrupt
    except KeyboardInterrupt:
        pass
    with locked_folder(tmp_path, "in use"):
        pass


def test_a_killed_process_holds_no_folder(tmp_path: Path) -> None:
    script = (
        "import os, signal, sys\nfrom pathlib import Path\nfrom export.atomic import locked_folder\n"
        "with locked_folder(Path(sys.argv[1]), 'in use'): os.kill(os.getpid(), signal.SIGKILL)"
    )
    killed = subprocess.run([sys.executable, "-c", script, tmp_path], cwd=ROOT, check=False)
    assert killed.returncode < 0
    with locked_folder(tmp_path, "in use"):
        pass


def test_a_folder_below_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputUnwritable, match="cannot be written"), locked_folder(tmp_path / "file" / "out", "in use"):
        pytest.fail("a folder below a file was locked")


class EndedInItsFinalizer:
    """Sends this process a signal where Python drops the exception that its handler raises."""

    def __del__(self) -> None:
        os.kill(os.getpid(), signal.SIGTERM)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_run_told_to_end_replaces_nothing_where_the_exception_was_dropped(tmp_path: Path) -> None:
    def make() -> None:
        with staged_folder(tmp_path / "out") as staged:
            (staged / "made").touch()
            told = EndedInItsFinalizer()
            del told

    with pytest.raises(SystemExit) as ended:
        make()
    assert ended.value.code == TERMINATED
    assert list(tmp_path.iterdir()) == []
