"""What can go wrong while shards are loaded to an engine: branches of `export/errors.py`.

ExportError
└── StoreUnloadable    the engine refuses, does not answer, or holds what nobody loaded
"""

from export.errors import ExportError


class StoreUnloadable(ExportError):
    """Shards cannot be loaded to an engine; what was in force there still is."""

    code = "store_unloadable"

    def __init__(self, name: str, reason: str, remedy: str) -> None:
        self.name, self.reason = name, reason
        super().__init__(f"{name} cannot be loaded: {reason}. {remedy}")
