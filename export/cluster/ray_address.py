"""Which Ray cluster an address names, and whether anybody answers there: Ray waits without end for one that is gone."""

import os
import socket
from pathlib import Path
from tempfile import gettempdir

HERE = "local"  # to Ray: one that is started for this process
ANSWERED_S = 10.0


def find_cluster(address: str) -> str:
    """Return what Ray is to connect to.

    Args:
        address: `ray://HOST:PORT`, `HOST:PORT`, or "auto": that in RAY_ADDRESS, or the one that was started on this machine
            last, if it still runs, or else one that is started here.

    Raises:
        ConnectionError: nobody answers there.
        ValueError: it is no address.
    """
    if address != "auto":
        _check_answers(address)
        return address
    if given := os.environ.get("RAY_ADDRESS"):
        return find_cluster(given)
    try:
        last = _last_started().read_text().strip()
        _check_answers(last)
    except (OSError, ValueError):  # none was, or it is gone
        return HERE
    return last


def _last_started() -> Path:
    """Return the file in which Ray notes it (`ray.init`'s documentation)."""
    return Path(os.environ.get("RAY_TMPDIR") or gettempdir()) / "ray" / "ray_current_cluster"


def _check_answers(address: str) -> None:
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if not (host and port.isdecimal()):
        raise ValueError("it is none of auto, ray://HOST:PORT and HOST:PORT")
    try:
        socket.create_connection((host.strip("[]"), int(port)), ANSWERED_S).close()
    except (OSError, OverflowError) as cause:
        raise ConnectionError(f"nobody answers there ({cause})") from cause
