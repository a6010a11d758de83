"""How many connections there is room for, and what the server is started with."""

import pytest

from runtime.web.server.serving import CONNECTIONS_MAX, FILES_KEPT, connections_max


@pytest.mark.parametrize(("files", "connections"), [(1024, 384), (256, 1), (FILES_KEPT + 2, 1), (10**6, CONNECTIONS_MAX)])
def test_connections_leave_files_for_what_they_ask_for(files: int, connections: int) -> None:
    assert connections_max(files) == connections
