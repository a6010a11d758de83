"""What can go wrong while shards are loaded into an engine: a branch of `export/errors.py`."""

from export.errors import ExportError


class LoadRefused(ExportError):
    """What was loaded must not take the place of what is in force, or cannot be loaded there at all."""

    code = "load_refused"

    def __init__(self, store: str, reason: str, remedy: str) -> None:
        self.store, self.reason = store, reason
        super().__init__(f"{store} is as it was: {reason}. {remedy}")
