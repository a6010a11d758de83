"""Which pages may send requests: those of this server, those that CORS_ORIGINS names, and programs that are no page."""

import pytest

from runtime.web.access.origins import AllowedOrigins
from runtime.web.access.refusals import OriginNotAllowed

Headers = dict[str, str]
OWN: Headers = {"host": "nas:8000"}
LINK: Headers = {"sec-fetch-mode": "navigate", "sec-fetch-dest": "document"}


def allows(method: str, headers: Headers, *, origins: tuple[str, ...] = ()) -> bool:
    try:
        AllowedOrigins(origins).check(method, {name.encode(): value.encode() for name, value in (OWN | headers).items()})
    except OriginNotAllowed:
        return False
    return True


@pytest.mark.parametrize(
    ("method", "headers"),
    [
        ("POST", {}),  # curl
        ("GET", {}),
        ("POST", {"origin": "http://nas:8000"}),
        ("POST", {"origin": "http://NAS:8000"}),
        ("POST", {"origin": "http://nas", "host": "nas:80"}),
        ("POST", {"origin": "https://nas", "host": "nas"}),
        ("POST", {"origin": "http://[::1]:8000", "host": "[::1]:8000"}),
        ("POST", {"origin": "https://photos.example", "sec-fetch-site": "same-origin"}),  # a proxy that changes Host
        ("GET", {"sec-fetch-site": "none", **LINK}),
        ("GET", {"sec-fetch-site": "cross-site", **LINK}),
        ("HEAD", {"sec-fetch-site": "same-origin", "sec-fetch-mode": "no-cors"}),
    ],
)
def test_our_own_page_a_link_and_what_is_no_browser_pass(method: str, headers: Headers) -> None:
    assert allows(method, headers)


@pytest.mark.parametrize(
    ("method", "headers"),
    [
        ("POST", {"origin": "http://evil.example"}),
        ("POST", {"origin": "http://nas"}),
        ("POST", {"origin": "http://nas:9000"}),
        ("POST", {"origin": "null"}),
        ("POST", {"origin": ""}),
        ("POST", {"origin": "nas:8000"}),
        ("POST", {"origin": "file://nas:8000"}),
        ("POST", {"origin": "http://nas:8000.evil.example"}),
        ("POST", {"origin": "http://", "host": ""}),
        ("POST", {"origin": "http://nas:8000", "sec-fetch-site": "cross-site"}),
        ("POST", {"sec-fetch-site": "cross-site", **LINK}),
        ("POST", {"sec-fetch-site": "same-site"}),
        ("POST", {"sec-fetch-site": "unheard-of"}),
        ("DELETE", {"origin": "http://evil.example"}),
        ("GET", {"sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors", "sec-fetch-dest": "image"}),
        ("GET", {"sec-fetch-site": "same-site", "sec-fetch-mode": "no-cors", "sec-fetch-dest": "image"}),
        ("GET", {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "iframe"}),
        ("GET", {"sec-fetch-site": "cross-site", "sec-fetch-mode": "cors", "origin": "http://evil.example"}),
        ("OPTIONS", {"sec-fetch-site": "cross-site", "sec-fetch-mode": "cors", "origin": "http://evil.example"}),
    ],
)
def test_a_page_of_another_origin_is_refused(method: str, headers: Headers) -> None:
    assert not allows(method, headers)


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_an_origin_that_the_settings_name_passes_and_no_other(method: str) -> None:
    sent = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "cors"}
    named = ("https://page.example",)
    assert allows(method, sent | {"origin": "https://page.example"}, origins=named)
    assert not allows(method, sent | {"origin": "https://page.example.evil"}, origins=named)
    assert not allows(method, sent, origins=named)
    assert allows(method, sent | {"origin": "https://any.example"}, origins=("*",))
