"""By which names a server may be asked: those that nobody can have point elsewhere, and those that the settings name."""

import pytest

from runtime.web.access.hosts import AWS_HOSTS, AllowedHosts
from runtime.web.access.refusals import HostNotAllowed

OWN = [
    "localhost",
    "LOCALHOST:8000",
    "localhost.",
    "127.0.0.1",
    "192.168.1.5:8000",
    "8.8.8.8",
    "[::1]",
    "[::1]:8000",
    "[fe80::1]:8000",
    "[::ffff:127.0.0.1]:80",
    "nas",
    "my_container:8000",
    "photos.local",
    "Photos.Local.:8000",
    "a.b.local",
]
FOREIGN = [
    "evil.example",
    "EVIL.example:8000",
    "evil.example.",
    "127.0.0.1.evil.example",
    "localhost.evil.example",
    "local.evil.example",
    "evilnas.fritz.box",
    "photos.example.com.evil.example",
    "x.lambda-url.eu-central-1.on.aws",
    "localhost@evil.example",
    "evil.example@localhost",
    "user:word@localhost",
    "localhost#.evil.example",
    "localhost/evil",
    "http://localhost/",
    "localhost evil.example",
    "localhost,evil.example",
    "",
    " ",
    ".",
    ".local",
    "..local",
    "a..local",
    "[::1",
    "[evil.example]",
    "[::1]evil.example",
    "::1",
    "localhost:port",
    "localhost:80:80",
    "l\u00f6calhost",
    "localhost\n",
    "x" * 300 + ".example",
]


def allows(hosts: AllowedHosts, *given: str) -> bool:
    try:
        hosts.check([one.encode("latin-1") for one in given])
    except HostNotAllowed:
        return False
    return True


@pytest.mark.parametrize("host", OWN)
def test_names_that_nobody_else_can_give_to_this_machine_pass(host: str) -> None:
    assert allows(AllowedHosts([]), host)


@pytest.mark.parametrize("host", FOREIGN)
def test_any_other_name_and_what_is_no_name_is_refused(host: str) -> None:
    hosts = AllowedHosts(["photos.example.com"])
    assert not allows(hosts, host)
    assert allows(hosts, "localhost")  # what passed once does not let another through
    assert not allows(hosts, host)


def test_the_refusal_names_the_setting_and_the_name() -> None:
    with pytest.raises(HostNotAllowed, match=r"'evil\.example'.*ALLOWED_HOSTS"):
        AllowedHosts([]).check([b"evil.example"])


def test_two_host_headers_are_refused_whichever_comes_first() -> None:
    assert not allows(AllowedHosts([]), "localhost", "evil.example")
    assert not allows(AllowedHosts([]), "evil.example", "localhost")


def test_a_request_without_a_host_passes_as_no_browser_sends_it() -> None:
    assert allows(AllowedHosts([]))


@pytest.mark.parametrize(
    ("names", "host", "allowed"),
    [
        (["photos.example.com"], "Photos.Example.com.:443", True),
        (["photos.example.com"], "other.example.com", False),
        (["Photos.Example.com."], "photos.example.com", True),
        (["*.example.com"], "photos.example.com", True),
        (["*.example.com"], "a.b.example.com", True),
        (["*.example.com"], "example.com", False),
        (["*.example.com"], "evilexample.com", False),
        (["bücher.example"], "xn--bcher-kva.example", True),
        (["*"], "evil.example", True),
        (AWS_HOSTS, "abcd1234.lambda-url.eu-central-1.on.aws", True),
        (AWS_HOSTS, "abcd1234.execute-api.eu-central-1.amazonaws.com", True),
        (AWS_HOSTS, "abcd1234.execute-api.cn-north-1.amazonaws.com.cn", True),
        (AWS_HOSTS, "evil.example", False),
        (AWS_HOSTS, "on.aws.evil.example", False),
    ],
)
def test_names_of_the_settings_pass_beside_them(names: list[str], host: str, allowed: bool) -> None:
    assert allows(AllowedHosts(names), host) is allowed
    assert allows(AllowedHosts(names), "127.0.0.1")
