"""JsonLines: each line of the log as one JSON object, as CloudWatch, Loki and the like read it."""

import json
import logging
from datetime import UTC, datetime

from runtime.web.log.requests import current_request


class JsonLines(logging.Formatter):
    """Formats a record as {"time", "level", "logger", "message"}, with "request_id" where a request made it be written.

    `fields` of a record, a mapping given by `extra`, stand beside these; an exception's traceback is "exception".
    """

    def __init__(self, *, end: str = "") -> None:
        """`end` is put after each line, for a handler that does not end them itself."""
        super().__init__()
        self._end = end

    def format(self, record: logging.LogRecord) -> str:
        """Return one line, in ASCII: names of files may hold bytes that are no text."""
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if request := current_request():
            line["request_id"] = request.id
        line |= getattr(record, "fields", {})
        if exception := record.exc_text or (record.exc_info and self.formatException(record.exc_info)):
            line["exception"] = exception
        return json.dumps(line) + self._end


def log_in_json() -> None:
    """Have what writes the log in AWS Lambda, its runtime client, write it as JSON; it ends no line by itself."""
    for handler in logging.getLogger().handlers:
        handler.setFormatter(JsonLines(end="\n"))
