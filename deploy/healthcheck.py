"""Whether the server in this container is ready: exit code 0, or 1 with the reason. On Lambda nobody asks."""

import os
import sys
from urllib.error import URLError
from urllib.request import urlopen

TIMEOUT_S = 4  # below the Dockerfile's own, so that the reason is told


def main() -> None:
    """Ask /readyz of this machine."""
    try:
        urlopen(f"http://127.0.0.1:{os.environ.get('PORT') or 8000}/readyz", timeout=TIMEOUT_S).close()
    except (URLError, TimeoutError, ConnectionError) as error:
        sys.exit(f"not ready: {error}")


if __name__ == "__main__":
    main()
