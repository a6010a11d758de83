"""Exit code 0 if the server in this container is ready, else 1 with the reason. Lambda does not use it.

A server that asks for a token is asked with it, where the environment has it; one that has it from a `.env` answers 401, and
is ready, too, as it answers nothing before it is.
"""

import os
import sys
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

UNAUTHORIZED = 401
TIMEOUT_S = 4  # less than HEALTHCHECK's timeout in the Dockerfile, so that the reason is printed
# The container's first process: the server, or an init with the server's arguments behind its own.
COMMAND_LINE = Path("/proc/1/cmdline")
LOOPBACK = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}


def address(arguments: list[str], port: str | None) -> str:
    """Return where the server listens, by its options, else by PORT; it may listen on one address alone."""
    given = {"--host": "0.0.0.0", "--port": port or "8000"}
    for option, value in zip(arguments, [*arguments[1:], ""], strict=False):
        name, equals, inline = option.partition("=")
        if name in given:
            given[name] = inline if equals else value  # if an option is given twice, the last one is used
    host = LOOPBACK.get(given["--host"], given["--host"])
    return f"{f'[{host}]' if ':' in host and '[' not in host else host}:{given['--port']}"


def read_arguments() -> list[str]:
    """Return what the server was started with; nothing where that is not told."""
    try:
        arguments = COMMAND_LINE.read_text("utf-8", "surrogateescape").split("\0")
    except OSError:
        return []
    return arguments if "serve" in arguments else []


def main() -> None:
    """Request /readyz from this machine."""
    token = os.environ.get("ACCESS_TOKEN")
    headers = {"authorization": f"Bearer {token}"} if token else {}
    try:
        url = f"http://{address(read_arguments(), os.environ.get('PORT'))}/readyz"
        urlopen(Request(url, headers=headers), timeout=TIMEOUT_S).close()
    except HTTPError as error:
        if error.code != UNAUTHORIZED:
            sys.exit(f"not ready: {error}")
    except (URLError, TimeoutError, ConnectionError) as error:
        sys.exit(f"not ready: {error}")


if __name__ == "__main__":
    main()
