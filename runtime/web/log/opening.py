"""Opens the log of a serving process: to stderr, as text or as JSON, a line of one kind once in ten seconds."""

import logging

from runtime.settings import Settings
from runtime.web.log import requests
from runtime.web.log.json_lines import JsonLines
from runtime.web.log.limit import LimitedHandler

TEXT_FORM = "%(levelname)s %(name)s: %(message)s"


def open_log(settings: Settings) -> None:
    """Have every line of this process written as the settings say. Requests' own lines, in JSON, are not limited."""
    in_json = settings.log_format == "json"
    limited = LimitedHandler()
    limited.setFormatter(JsonLines() if in_json else logging.Formatter(TEXT_FORM))
    logging.basicConfig(handlers=[limited], force=True)
    if in_json:
        whole = logging.StreamHandler()
        whole.setFormatter(JsonLines())
        requests.log.addHandler(whole)
        requests.log.propagate = False
