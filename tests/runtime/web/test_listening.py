"""Whom the server's sockets let connect."""

import pytest

from runtime.web.listening import is_loopback, open_sockets


@pytest.mark.parametrize(
    ("hosts", "alone"),
    [(["127.0.0.1"], True), (["localhost"], True), (["0.0.0.0"], False), (["127.0.0.1", "0.0.0.0"], False)],
)
def test_a_server_knows_whether_other_machines_can_connect(hosts: list[str], alone: bool) -> None:
    listening = [opened for host in hosts for opened in open_sockets(host, 0)]
    try:
        assert is_loopback(listening) is alone
    finally:
        for opened in listening:
            opened.close()
