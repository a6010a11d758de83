"""Exit code 0 if the server in this container is ready, else 1 with the reason. Lambda does not use it."""

import os
import sys
from urllib.error import URLError
from urllib.request import urlopen

TIMEOUT_S = 4  # less than HEALTHCHECK's timeout in the Dockerfile, so that the reason is printed


def main() -> None:
    """Request /readyz from this machine."""
    try:
        urlopen(f"http://127.0.0.1:{os.environ.get('PORT') or 8000}/readyz", timeout=TIMEOUT_S).close()
    except (URLError, TimeoutError, ConnectionError) as error:
        sys.exit(f"not ready: {error}")


if __name__ == "__main__":
    main()
