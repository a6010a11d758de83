"""AllowedOrigins: which pages may have a browser send requests here. Stops forged requests and embedded pictures.

As Go's net/http does it: Sec-Fetch-Site where the browser sends it (with HTTPS, and to localhost), else Origin against Host.
Programs that are no browser send neither, and pass.
"""

from collections.abc import Mapping, Sequence

from runtime.web.access.refusals import OriginNotAllowed

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
OWN_PAGE = frozenset({b"same-origin", b"none"})  # none: the user's own doing, such as a typed address
DEFAULT_PORTS = {b"http": b":80", b"https": b":443"}
ALL = "*"


class AllowedOrigins:
    """Checks that a request was sent by a page of this server, or by one of `origins`."""

    def __init__(self, origins: Sequence[str]) -> None:
        self._any = ALL in origins
        self._origins = frozenset(origin.rstrip("/").encode() for origin in origins)

    def check(self, method: str, headers: Mapping[bytes, bytes]) -> None:
        """Return if a page of ours, or no page at all, sent the request.

        Raises:
            OriginNotAllowed: a page of another origin sent it. A link that leads here is no such request.
        """
        origin, site = headers.get(b"origin"), headers.get(b"sec-fetch-site")
        if self._any or (origin is None and site is None) or origin in self._origins or site in OWN_PAGE:
            return
        if method in SAFE_METHODS:
            foreign = site is not None and not _is_link(headers)  # without `site`, the answer's own headers keep it secret
        else:
            foreign = site is not None or not _is_own(origin or b"", headers.get(b"host", b""))
        if foreign:
            raise OriginNotAllowed((origin or b"").decode("latin-1"))


def is_own_page(headers: Mapping[bytes, bytes]) -> bool:
    """Return whether no page but one of this server sent a request, whatever other pages may ask besides."""
    origin, site = headers.get(b"origin"), headers.get(b"sec-fetch-site")
    return (site is None or site in OWN_PAGE) and (origin is None or _is_own(origin, headers.get(b"host", b"")))


def _is_link(headers: Mapping[bytes, bytes]) -> bool:
    """Return whether the whole tab follows a link: nothing is embedded, and no script reads the answer."""
    return (headers.get(b"sec-fetch-mode"), headers.get(b"sec-fetch-dest")) == (b"navigate", b"document")


def _is_own(origin: bytes, host: bytes) -> bool:
    scheme, _, authority = origin.partition(b"://")
    port = DEFAULT_PORTS.get(scheme)
    return port is not None and bool(authority) and authority.lower() == host.lower().removesuffix(port)
