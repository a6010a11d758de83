"""AllowedHosts: by which names this server may be asked. Stops DNS rebinding.

A page of somebody else can have its own name point to this machine, and is then of the same origin as this server; only the
Host header tells. Names that nobody can have point elsewhere always pass: addresses, localhost, names of one label, .local.
"""

import re
from collections.abc import Sequence
from ipaddress import ip_address

from runtime.web.access.refusals import HostNotAllowed

HOST = re.compile(r"(?:\[(?P<v6>[0-9a-f:.]+)\]|(?P<name>[a-z0-9_-]+(?:\.[a-z0-9_-]+)*)\.?)(?::[0-9]{1,5})?", re.IGNORECASE)
# AWS sends a function only requests that name one of its own endpoints.
AWS_HOSTS = ("*.on.aws", "*.amazonaws.com", "*.amazonaws.com.cn")
ALL = "*"


class AllowedHosts:
    """Checks the Host header against names, such as photos.example.com and *.example.com; a lone * allows all."""

    def __init__(self, names: Sequence[str]) -> None:
        self._any = ALL in names
        self._names = frozenset(_ascii(name) for name in names if not name.startswith("*"))
        self._endings = tuple(_ascii(name[1:]) for name in names if name.startswith("*."))
        self._known: bytes | None = None  # the header that passed last: nearly all requests have the same

    def check(self, given: Sequence[bytes]) -> None:
        """Return if the request's Host headers name this server.

        A request without one passes: browsers, whom alone a page can misuse, always send it.

        Raises:
            HostNotAllowed: the name is another, there are two, or what is given is no name.
        """
        if self._any or not given or (len(given) == 1 and given[0] == self._known):
            return
        if len(given) > 1 or not self._allows(given[0].decode("latin-1")):
            raise HostNotAllowed(given[0].decode("latin-1"))
        self._known = given[0]

    def _allows(self, host: str) -> bool:
        parts = HOST.fullmatch(host)
        if parts is None:
            return False
        if parts["v6"]:
            return _is_address(parts["v6"])
        name = parts["name"].lower()
        return (
            "." not in name  # "localhost", too
            or name.endswith((".local", *self._endings))
            or name in self._names
            or _is_address(name)
        )


def names_this_machine(host: str) -> bool:
    """Return whether a Host header has a name that means this machine alone: localhost, or an address such as 127.0.0.1."""
    parts = HOST.fullmatch(host)
    name = (parts["v6"] or parts["name"]).lower() if parts else ""
    return name == "localhost" or (_is_address(name) and ip_address(name).is_loopback)


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _ascii(name: str) -> str:
    """Return a name as browsers send it: in lower case, other letters than ASCII as `xn--`."""
    labels = (label.encode("idna").decode() if label else "" for label in name.lower().rstrip(".").split("."))
    return ".".join(labels)
