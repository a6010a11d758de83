"""What goes wrong with an engine that holds a library's rows: branches of `runtime/errors.py` that belong to this package.

LookwhyError
├── RemoteRefused
│   └── StoreUnavailable   the engine does not answer now; the same request may succeed later
└── StoreLacks             what is asked for needs the catalogue of an index in files
"""

from runtime.errors import LookwhyError, RemoteRefused


class StoreUnavailable(RemoteRefused):
    """The engine does not answer; `retry_s` is in how many whole seconds to ask again."""

    code = "store_unavailable"

    def __init__(self, name: str, reason: str, retry_s: int) -> None:
        self.retry_s = retry_s
        super().__init__(name, reason, f"Try again in {retry_s} s.")


class StoreLacks(LookwhyError):
    """An engine beside the catalogue's files cannot answer this."""

    code = "not_available_with_this_store"

    def __init__(self, what: str) -> None:
        self.what = what
        super().__init__(
            f"{what} are not available with this STORE. An index in files has them: leave STORE unset, and build it "
            "with lookwhy index FOLDER."
        )
