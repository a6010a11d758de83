"""Ask a server in this container, where there is no other client: `ask.py URL [JSON]` prints the answer.

Runs on the image's own Python. Waits for a server that does not listen yet.
"""

import sys
import time
import urllib.error
import urllib.request

LIMIT_S = 30.0


def ask(url: str, body: bytes | None) -> bytes:
    deadline = time.monotonic() + LIMIT_S
    request = urllib.request.Request(url, body, {"content-type": "application/json"})
    while True:
        try:
            with urllib.request.urlopen(request, timeout=LIMIT_S) as answer:
                return bytes(answer.read())
        except urllib.error.URLError as error:
            if not isinstance(error.reason, ConnectionRefusedError) or time.monotonic() > deadline:
                raise
            time.sleep(0.05)


if __name__ == "__main__":
    sys.stdout.buffer.write(ask(sys.argv[1], sys.argv[2].encode() if len(sys.argv) > 2 else None))
