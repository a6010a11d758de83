"""LoginPage: what a browser sees that has no session yet. Works without JavaScript, and loads nothing.

`frontend/login/login.html` is its form, with the page's own colours and type filled in at the start, as everything else that
the page is made of is behind the login.
"""

import asyncio
import hashlib
from base64 import b64encode
from collections.abc import Mapping
from html import escape
from pathlib import Path
from string import Template
from urllib.parse import parse_qs, quote

from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.types import Receive

from runtime.errors import SettingInvalid
from runtime.web.access.form_hash import HASH_FORMS
from runtime.web.access.token import COOKIE, COOKIE_AGE_S

FORM_MAX_BYTES, FORM_MAX_S, FORM_MAX_FIELDS = 65_536, 10.0, 8  # the longest query, escaped twice, and a token
ADDRESS_CHARS = "/?&=:;,.~!$'()*+@-_"  # and %: what an address may have as it is
BEARER = 'Bearer realm="Lookwhy"'
STYLES = ("page/style.css", "login/login.css")


class LoginPage:
    """The login page of one server."""

    def __init__(self, frontend: Path, *, hashes_forms: bool = False) -> None:
        """Read the page's form and its style. With `hashes_forms`, its forms go with the sha256 of their bodies.

        Raises:
            SettingInvalid: the folder of the page has no login page.
        """
        try:
            self._form = Template((frontend / "login/login.html").read_text("utf-8"))
            self._style = "".join((frontend / name).read_text("utf-8") for name in STYLES)
            self._logo = f"data:image/svg+xml;base64,{b64encode((frontend / 'logo.svg').read_bytes()).decode()}"
        except OSError as cause:
            accepted = f"ACCESS_TOKEN needs a login page there: login/login.html, {', '.join(STYLES)} and logo.svg"
            raise SettingInvalid("FRONTEND_DIR", str(frontend), accepted) from cause
        self._script = f'<script type="module">{HASH_FORMS}</script>' if hashes_forms else ""
        scripts = f"script-src {_source_of(HASH_FORMS)}; connect-src 'self'; " if hashes_forms else ""
        self._headers = {
            "cache-control": "no-store",
            # with the page's own no-referrer, browsers would say "Origin: null" of a form
            "referrer-policy": "same-origin",
            "content-security-policy": f"default-src 'none'; img-src data:; style-src {_source_of(self._style)}; {scripts}"
            "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
        }

    def show(self, back: str, *, status: int = 200, wrong: str = "", retry_s: int = 0) -> Response:
        """Return the form. `back` is the search to return to, `wrong` what was wrong with the last try."""
        headers = {"retry-after": str(retry_s)} if retry_s else {"www-authenticate": BEARER} if status == 401 else {}
        return self._render(back, status, headers, wrong=wrong)

    def show_session(self, back: str) -> Response:
        """Return the page for who is logged in already: the way to the search, and out."""
        return self._render(back, 200, {}, has_session=True)

    def begin(self, cookie: str, back: str, *, secure: bool) -> Response:
        """Return to the search with a session."""
        answer = RedirectResponse(f".{_search_of(back)}" if back else ".", 303, headers={"cache-control": "no-store"})
        answer.set_cookie(COOKIE, cookie, COOKIE_AGE_S, secure=secure, httponly=True, samesite="strict")
        return answer

    def end(self, *, secure: bool) -> Response:
        """Forget the session, and show the form."""
        answer = ask_to_log_in("")
        answer.delete_cookie(COOKIE, secure=secure, httponly=True, samesite="strict")
        return answer

    def _render(
        self, back: str, status: int, headers: Mapping[str, str], *, wrong: str = "", has_session: bool = False
    ) -> Response:
        fields = {
            "style": self._style,
            "script": self._script,
            "logo": self._logo,
            "back": escape(_search_of(back)),
            "wrong": escape(wrong),
            "invalid": ' aria-invalid="true" aria-describedby="wrong"' if wrong else "",
            "hide_form": " hidden" if has_session else "",
            "hide_session": "" if has_session else " hidden",
        }
        return HTMLResponse(self._form.substitute(fields), status, headers={**self._headers, **headers})


def ask_to_log_in(search: str) -> Response:
    """Return the way to the login page, from a page beside it. `search` is the query string to come back to."""
    back = f"?back={quote(f'?{search}', safe='')}" if search else ""
    return RedirectResponse(f"login{back}", 303, headers={"cache-control": "no-store"})


def ask_again() -> Response:
    """Return a page that loads itself again.

    A browser that follows a link from another site leaves the session's cookie out; what the page itself loads has it.
    """
    html = '<!doctype html><title>Lookwhy</title><meta http-equiv="refresh" content="0">'
    return HTMLResponse(html, 401, headers={"cache-control": "no-store", "www-authenticate": BEARER})


async def read_form(receive: Receive) -> dict[str, str] | None:
    """Return the fields of a form, each one's first value; None where it is too large or does not come whole."""
    body, more = b"", True
    try:
        async with asyncio.timeout(FORM_MAX_S):
            while more and len(body) <= FORM_MAX_BYTES:
                message = await receive()
                if message["type"] == "http.disconnect":
                    return None
                body += message.get("body", b"")
                more = message.get("more_body", False)
        if len(body) > FORM_MAX_BYTES:
            return None
        fields = parse_qs(body.decode("latin-1"), max_num_fields=FORM_MAX_FIELDS)
    except (TimeoutError, ValueError):
        return None
    return {name: values[0] for name, values in fields.items()}


def _source_of(inline: str) -> str:
    """Return what names a style or a script that stands in the page in its content security policy."""
    return f"'sha256-{b64encode(hashlib.sha256(inline.encode()).digest()).decode()}'"


def _search_of(back: str) -> str:
    """Return the query string to go back to, safe in a header and in the page: a search of this page, never another one."""
    return quote(back, safe=f"{ADDRESS_CHARS}%") if back.startswith("?") else ""
