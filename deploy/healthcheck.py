"""Exit code 0 if the server in this container is ready, else 1 with the reason. Lambda does not use it.

A server that asks for a token is asked with it, where the environment has it; one that has it from a `.env` answers 401, and
is ready, too, as it answers nothing before it is.
"""

import os
import sys
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

UNAUTHORIZED = 401
TIMEOUT_S = 4  # less than HEALTHCHECK's timeout in the Dockerfile, so that the reason is printed


def main() -> None:
    """Request /readyz from this machine."""
    token = os.environ.get("ACCESS_TOKEN")
    address = f"http://127.0.0.1:{os.environ.get('PORT') or 8000}/readyz"
    try:
        urlopen(Request(address, headers={"authorization": f"Bearer {token}"} if token else {}), timeout=TIMEOUT_S).close()
    except HTTPError as error:
        if error.code != UNAUTHORIZED:
            sys.exit(f"not ready: {error}")
    except (URLError, TimeoutError, ConnectionError) as error:
        sys.exit(f"not ready: {error}")


if __name__ == "__main__":
    main()
