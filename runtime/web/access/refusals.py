"""Why a request is not let in: the branch of `runtime/errors.py` that belongs to this package.

RequestError
├── HostNotAllowed    asked by a name that is not this server's
├── OriginNotAllowed  sent by a page of somebody else
├── AccessDenied      without the access token, or with a wrong one
├── FolderNotOpened   asked to open a folder, but not by who sits at this machine
└── RateExceeded      more requests, or more wrong tokens, than one client may send
"""

from runtime.errors import RequestError

SHOWN_CHARS = 100  # of what the request says about itself


class HostNotAllowed(RequestError):
    """The request was sent to a name that is not known to be this server's, as with DNS rebinding."""

    code = "host_not_allowed"

    def __init__(self, host: str) -> None:
        self.host = host[:SHOWN_CHARS]
        super().__init__(
            f"This server does not answer to the name {self.host!r}. If the name is yours, add it to ALLOWED_HOSTS and "
            "start the server again."
        )


class OriginNotAllowed(RequestError):
    """A browser sent the request for a page of another origin."""

    code = "origin_not_allowed"

    def __init__(self, origin: str) -> None:
        self.origin = origin[:SHOWN_CHARS]
        super().__init__(
            f"A page of another origin ({self.origin or 'not named'}) sent this request. If the page is yours, add its "
            "origin to CORS_ORIGINS; behind a proxy, let the proxy pass the Host header on."
        )


class AccessDenied(RequestError):
    """The request has no access token, or a wrong one."""

    code = "access_denied"

    def __init__(self, *, given: bool) -> None:
        self.given = given
        wrong = "The access token is wrong. " if given else ""
        super().__init__(
            f"{wrong}This server asks for its access token: send it as `Authorization: Bearer TOKEN`, or log in at /login."
        )


class FolderNotOpened(RequestError):
    """A folder was to be opened, but there is no desktop, or it is not the one of who asks."""

    code = "folder_not_opened"

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(
            f"This server opens no folder for you: {reason}. It does so for a browser on its own machine, where it listens "
            "on 127.0.0.1 alone."
        )


class RateExceeded(RequestError):
    """One client sent more than it may; `retry_s` is in how many whole seconds it may send again."""

    code = "rate_exceeded"

    def __init__(self, what: str, retry_s: int) -> None:
        self.retry_s = retry_s
        super().__init__(f"Too many {what} came from your address. Try again in {retry_s} s.")
