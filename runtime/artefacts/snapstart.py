"""Lambda's SnapStart: an instance that has opened everything is kept as a snapshot, and many begin as copies of it.

What may not be the same in all of them, or is no longer true, is made anew in each: the seed of chance, connections to AWS,
and what was found out before (`ask_again`). Secrets come from the system's own source, and need nothing.
"""

import logging
import random
from collections.abc import Callable, Mapping

from runtime.artefacts.remote.aws import close_connections

log = logging.getLogger(__name__)


def begins_from_snapshot(environment: Mapping[str, str]) -> bool:
    """Return whether this process is about to become a snapshot: a failure of its start must end it, not be kept."""
    return environment.get("AWS_LAMBDA_INITIALIZATION_TYPE") == "snap-start"


def prepare_snapshot(warm: Callable[[], None], ask_again: Callable[[], None]) -> None:
    """Have Lambda's client run `warm` before the snapshot is made, and renew each instance that begins from it."""
    from snapshot_restore_py import register_after_restore, register_before_snapshot  # Lambda's own Python has it

    register_before_snapshot(warm)
    register_after_restore(renew, ask_again)


def renew(ask_again: Callable[[], None]) -> None:
    """Make anew what copies of one process may not share. Takes milliseconds; Lambda allows 10 s."""
    random.seed()
    close_connections()
    ask_again()
    log.info("began from a snapshot")
