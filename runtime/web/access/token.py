"""AccessToken: whether a request carries the token, as a bearer header or as the cookie that the login page gave."""

import hashlib
import hmac
from collections.abc import Mapping

from cachetools import TTLCache
from pydantic import SecretStr

COOKIE = "lookwhy_session"
COOKIE_AGE_S = 30 * 24 * 3600
SESSION, SALT = b"session", b"lookwhy session cookie"
VERIFIED_MAX, VERIFIED_S = 256, 60  # headers whose cookie was found right: a page's pictures come with the same one
COOKIES_READ = 3  # another program of this host may have set cookies of the same name


class AccessToken:
    """The token that a request must carry. The cookie is signed with a key made of it, so a new token ends every session."""

    def __init__(self, token: SecretStr) -> None:
        from itsdangerous import TimestampSigner

        secret = token.get_secret_value().encode()
        self._digest = hashlib.sha256(secret).digest()
        key = hmac.digest(secret, SALT, "sha256")  # derived once: itsdangerous would do it for each cookie again
        self._signer = TimestampSigner(key, key_derivation="none", digest_method=hashlib.sha256)
        self._verified: TTLCache[bytes, bool] = TTLCache(VERIFIED_MAX, ttl=VERIFIED_S)

    def is_right(self, given: str) -> bool:
        """Return whether this is the token; the time that it takes tells nothing about the token."""
        return hmac.compare_digest(hashlib.sha256(given.encode("utf-8", "replace")).digest(), self._digest)

    def make_cookie(self) -> str:
        """Return the value of a cookie that begins a session now."""
        return self._signer.sign(SESSION).decode()

    def has_session(self, headers: Mapping[bytes, bytes]) -> bool:
        """Return whether the request has a cookie that this token signed, not longer ago than `COOKIE_AGE_S`."""
        header = headers.get(b"cookie")
        if header is None or header in self._verified:
            return header is not None
        if any(self._signed(value) for value in _cookies(header)[:COOKIES_READ]):
            self._verified[header] = True
            return True
        return False

    def _signed(self, value: bytes) -> bool:
        from itsdangerous import BadSignature

        try:
            return self._signer.unsign(value, max_age=COOKIE_AGE_S) == SESSION
        except BadSignature:
            return False


def bearer_of(headers: Mapping[bytes, bytes]) -> str | None:
    """Return the token of the Authorization header, if there is one of the kind Bearer."""
    kind, _, given = headers.get(b"authorization", b"").decode("latin-1").partition(" ")
    return given.strip() if kind.lower() == "bearer" else None


def _cookies(header: bytes) -> list[bytes]:
    """Return the values of the cookies of our name."""
    parts = (part.strip().partition(b"=") for part in header.split(b";"))
    return [value for name, _, value in parts if name == COOKIE.encode()]
