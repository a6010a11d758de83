"""Whom the server's sockets let connect."""

import socket

import pytest

from runtime.web.server.listening import is_loopback, open_sockets


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


def test_no_part_of_an_answer_waits_until_the_client_has_acknowledged_the_one_before() -> None:
    [listening] = open_sockets("127.0.0.1", 0)
    with listening, socket.create_connection(listening.getsockname()):
        accepted, _ = listening.accept()
        with accepted:
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
