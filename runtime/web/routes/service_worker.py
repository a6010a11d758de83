"""The page's service worker, which says of which version of the page it is. Knows no HTTP."""

import hashlib
from pathlib import Path

SERVICE_WORKER = "service_worker.js"
VERSION = 'const VERSION = "{}";'  # where the service worker says which page it keeps


def versioned_service_worker(frontend: Path) -> str:
    """Return the service worker of the page in a folder, with a version that changes whenever a file of the page does."""
    digest = hashlib.sha256()
    for path in sorted(path for path in frontend.rglob("*") if path.is_file()):
        content = path.read_bytes()
        digest.update(f"{path.relative_to(frontend).as_posix()} {len(content)} ".encode() + content)
    script = (frontend / SERVICE_WORKER).read_text("utf-8")
    return script.replace(VERSION.format(""), VERSION.format(digest.hexdigest()[:16]))
