"""What people search for and log in with stands in no log."""

import io
import logging
from collections.abc import Iterator

import pytest

from runtime.errors import SessionFailed
from runtime.web.log.privacy import PrivateLog

SECRET = "a picture of my passport"


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    written = io.StringIO()
    handler, private = logging.StreamHandler(written), PrivateLog()
    loggers = [logging.getLogger(name) for name in ("uvicorn.access", "uvicorn.error")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.addHandler(handler)
        logger.addFilter(private)
        logger.setLevel("INFO")
    yield written
    for logger, level in zip(loggers, levels, strict=True):
        logger.removeHandler(handler)
        logger.removeFilter(private)
        logger.setLevel(level)


def test_the_access_log_shows_an_address_without_its_query_string(written: io.StringIO) -> None:
    line = ("127.0.0.1:5", "GET", "/?q=a%20picture%20of%20my%20passport&token=x", "1.1", 200)
    logging.getLogger("uvicorn.access").info('%s - "%s %s HTTP/%s" %d', *line)
    assert written.getvalue() == '127.0.0.1:5 - "GET / HTTP/1.1" 200\n'


def fail(*, chained: bool) -> None:
    try:
        raise KeyError(SECRET)
    except KeyError as cause:
        if chained:
            raise ValueError(f"no such word: {SECRET}") from cause
        raise


@pytest.mark.parametrize("chained", [True, False])
def test_a_traceback_tells_where_and_of_what_kind_but_not_the_text(written: io.StringIO, chained: bool) -> None:
    try:
        fail(chained=chained)
    except (KeyError, ValueError):
        logging.getLogger("uvicorn.error").exception("Exception in ASGI application\n")
    assert SECRET not in written.getvalue()
    assert "KeyError" in written.getvalue()
    assert ("ValueError" in written.getvalue()) is chained
    assert "test_privacy.py" in written.getvalue()


@pytest.mark.parametrize("error", [SessionFailed("clip/text.onnx", "no memory"), OSError(28, "No space left on device")])
def test_errors_of_ours_and_of_the_system_keep_their_text(written: io.StringIO, error: Exception) -> None:
    logging.getLogger("uvicorn.error").error("failed", exc_info=error)
    assert str(error) in written.getvalue()


def test_exceptions_that_are_their_own_cause_or_each_other_s_are_told_once_each(written: io.StringIO) -> None:
    own, first, second = ValueError(SECRET), KeyError(SECRET), LookupError(SECRET)
    own.__cause__ = own  # as pymilvus raises them: `raise e from e`
    first.__cause__, second.__cause__ = second, first
    for error in (own, first):
        logging.getLogger("uvicorn.error").error("failed", exc_info=error)
    told = written.getvalue()
    assert [told.count(kind) for kind in ("ValueError", "KeyError", "LookupError")] == [1, 1, 1]
    assert SECRET not in told
