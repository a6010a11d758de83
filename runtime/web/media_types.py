"""Which type a file's name tells, the same on every machine.

Python's `guess_type` asks the system, too: a slim image has no table, where Python 3.11 knows no WebP; on Windows another
program may have made `.js` plain text, which browsers then refuse to run.
"""

from functools import cache
from mimetypes import MimeTypes

UNKNOWN = "application/octet-stream"
OWN = {
    ".js": "text/javascript",
    ".mjs": "text/javascript",
    ".webmanifest": "application/manifest+json",
    ".webp": "image/webp",
    ".avif": "image/avif",
    ".ico": "image/x-icon",
    ".woff2": "font/woff2",
}


def media_type_of(name: str) -> str:
    """Return the type of a file of this name or path; of an unknown one, `UNKNOWN`."""
    return _types().guess_type(name)[0] or UNKNOWN


@cache
def _types() -> MimeTypes:
    types = MimeTypes(filenames=())
    for suffix, media_type in OWN.items():
        types.add_type(media_type, suffix)
    return types
