"""What keeps whoever starts the tests out of them: their settings, their `.env`, their accounts, and signals they ignore."""

import os
import signal
from collections.abc import Iterable
from pathlib import Path

from runtime.settings import Settings

SIGNALS = (signal.SIGINT, signal.SIGTERM)
OTHERS_SETTINGS = ("AWS_", "GROQ_", "HF_", "TRANSFORMERS_")  # of boto3, groq, huggingface_hub and transformers
OWN_NAMES = ("artifacts", "samconfig.toml")  # what a developer has in a checkout that git does not know, besides dot files


def let_children_hear_signals() -> None:
    """Let processes that the tests start end on Ctrl-C, also where the tests run in the background.

    A shell starts a background job with SIGINT ignored, and whoever is started with a signal ignored ignores it, too. A
    handler is not passed on: with one that does nothing the tests themselves go on ignoring the signal.
    """
    for number in SIGNALS:
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, lambda *_: None)


def settings_among(names: Iterable[str]) -> list[str]:
    """Return which of the names of variables the program or a library of its would read as a setting."""
    own = {name.upper() for name in Settings.model_fields}
    return [name for name in names if name.upper() in own or name.upper().startswith(OTHERS_SETTINGS)]


def forget_settings() -> None:
    """Remove every setting from the environment, and let boto3 find no file with an account in the home folder."""
    for name in settings_among(list(os.environ)):
        del os.environ[name]
    os.environ["AWS_CONFIG_FILE"] = os.environ["AWS_SHARED_CREDENTIALS_FILE"] = os.devnull


def link_checkout(root: Path, folder: Path) -> Path:
    """Fill a folder with links to what belongs to the project: no `.env`, no models and no index of a developer's own."""
    for entry in root.iterdir():
        if not entry.name.startswith(".") and entry.name not in OWN_NAMES:
            (folder / entry.name).symlink_to(entry)
    return folder
