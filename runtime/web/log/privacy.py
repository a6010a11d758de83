"""PrivateLog: keeps what people search for, and what they log in with, out of the log.

The access log shows addresses without their query string. A traceback shows where an exception came from and of what kind it
is, but not its text, which may hold a query; errors of ours and of the system do not, and keep theirs.
"""

import logging
import traceback

from runtime.errors import LookwhyError

LOGGERS = ("uvicorn.access", "uvicorn.error", "mangum.http", "asyncio", "runtime.web.faults")
TEXT_IS_SAFE = (LookwhyError, OSError, MemoryError, ImportError)
ADDRESS_AT = 2  # in the arguments of a line of uvicorn's access log: client, method, address, version, status


class PrivateLog(logging.Filter):
    """Takes queries and tokens out of log records; drops none."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Return True, the record changed in place."""
        if record.name == "uvicorn.access" and isinstance(record.args, tuple) and len(record.args) > ADDRESS_AT:
            arguments = list(record.args)
            arguments[ADDRESS_AT] = str(arguments[ADDRESS_AT]).partition("?")[0]
            record.args = tuple(arguments)
        if record.exc_info and record.exc_info[1]:
            record.exc_text, record.exc_info = _traceback_of(record.exc_info[1]), None
        return True


def keep_log_private() -> None:
    """Have the loggers that tell of requests leave out what was asked. Call it once they are set up."""
    private = PrivateLog()
    for name in LOGGERS:
        logging.getLogger(name).addFilter(private)


def _traceback_of(error: BaseException) -> str:
    """Return the traceback of an exception and of those behind it, the first one first."""
    return "\n\nthen\n\n".join(map(_own_traceback, reversed(_chain_of(error))))


def _chain_of(error: BaseException) -> list[BaseException]:
    """Return an exception and those behind it, each once: pymilvus raises some that are their own cause."""
    chain: list[BaseException] = []
    behind: BaseException | None = error
    while behind is not None and all(behind is not one for one in chain):
        chain.append(behind)
        behind = behind.__cause__ or (None if behind.__suppress_context__ else behind.__context__)
    return chain


def _own_traceback(error: BaseException) -> str:
    text = str(error) if isinstance(error, TEXT_IS_SAFE) else "(text left out, as it may hold a query)"
    frames = "".join(traceback.format_tb(error.__traceback__))
    return f"Traceback (most recent call last):\n{frames}{type(error).__qualname__}: {text}"
