"""Whoever starts the tests stays out of them, and that they run in the background makes no difference."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from runtime.settings import Settings
from tests.conftest import ROOT
from tests.isolation import link_checkout, settings_among

STARTS_A_CHILD = """
import subprocess, sys
from tests.isolation import let_children_hear_signals
let_children_hear_signals()
subprocess.run([sys.executable, "-c", "import signal; print(signal.getsignal(signal.SIGINT) is signal.SIG_IGN)"])
"""


def test_a_child_hears_ctrl_c_though_a_shell_started_the_tests_in_the_background() -> None:
    command = ["sh", "-c", 'trap "" INT; exec "$@"', "sh", sys.executable, "-c", STARTS_A_CHILD]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def test_these_tests_start_children_that_hear_ctrl_c() -> None:
    assert signal.getsignal(signal.SIGINT) is not signal.SIG_IGN


def test_every_setting_is_recognized_in_any_case_and_other_variables_are_left_alone() -> None:
    assert settings_among(["TOP_K_MAX", "groq_api_key", "GROQ_OTHER", "AWS_PROFILE", "PATH", "LANG"]) == [
        *("TOP_K_MAX", "groq_api_key", "GROQ_OTHER", "AWS_PROFILE")
    ]


def test_no_setting_of_a_developer_is_in_the_environment() -> None:
    ours = {"AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"}
    assert set(settings_among(os.environ)) == ours


def test_the_folder_that_the_tests_run_in_has_the_project_and_no_env_file(tmp_path: Path) -> None:
    assert Path("sample/models/manifest.json").is_file()
    assert not Path(".env").exists()
    assert not Path("artifacts").exists()
    assert Settings.read() == Settings.model_construct()
    root, linked = tmp_path / "root", tmp_path / "linked"
    for folder in (root / "runtime", root / "artifacts", linked):
        folder.mkdir(parents=True)
    (root / ".env").write_text("TOP_K_DEFAULT=3\n")
    assert [path.name for path in link_checkout(root, linked).iterdir()] == ["runtime"]
