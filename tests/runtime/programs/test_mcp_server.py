"""`lookwhy mcp` as an assistant meets it: started by the SDK's own client, which talks to it over stdin and stdout."""

import asyncio
import base64
import io
import json
import os
import pty
import re
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TextIO

import pytest
from PIL import Image
from typer.main import get_command

import runtime.__main__
from runtime import __version__
from runtime.programs.tools import TOOLS, WRITTEN_BY_OTHERS
from tests.conftest import ROOT
from tests.sample_library import MODELS, SCENES, SampleLibrary

mcp = pytest.importorskip("mcp", reason="the extra `mcp` is not installed")

JSON_BLOCK = re.compile(r"^```json\n(.*?)^```$", re.MULTILINE | re.DOTALL)
Conversation = Callable[[Any], Awaitable[None]]


def talk(library: SampleLibrary, log: Path, conversation: Conversation, **options: Any) -> str:
    """Have a client of the SDK start the server, talk with it and close it; return what it wrote to stderr."""

    async def run(stderr: TextIO) -> None:
        command = ["-m", "runtime", "mcp", "--index", str(library.index), "--models", str(MODELS)]
        server = mcp.StdioServerParameters(command=sys.executable, args=command, env=library.environment)
        async with mcp.Client(mcp.stdio_client(server, errlog=stderr), **options) as client:
            await conversation(client)

    with log.open("w+") as stderr:
        asyncio.run(run(stderr))
        stderr.seek(0)
        return stderr.read()


@pytest.mark.parametrize("mode", ["legacy", "auto"])  # the protocol's handshake of 2025 and before, and the one since
def test_a_client_learns_what_there_is_and_gets_text_and_pictures(
    sample_library: SampleLibrary, tmp_path: Path, mode: str
) -> None:
    async def conversation(client: Any) -> None:
        assert (client.server_info.name, client.server_info.version) == ("lookwhy", __version__)
        assert WRITTEN_BY_OTHERS in client.instructions
        assert "Sample models" in client.instructions
        listed = (await client.list_tools()).tools
        assert {tool.name for tool in listed} == set(TOOLS)
        assert all(tool.annotations.read_only_hint and tool.annotations.open_world_hint is False for tool in listed)
        found = await client.call_tool("search_pictures", {"query": "a boat", "top_k": 3, "previews": 1})
        text, picture = found.content
        assert text.text.startswith(f'3 of {SCENES} pictures for "a boat"; the best is a strong match.\n')
        assert picture.mime_type == "image/jpeg"
        with Image.open(io.BytesIO(base64.b64decode(picture.data))) as shown:
            assert max(shown.size) <= 512
        refused = await client.call_tool("search_pictures", {"query": "a boat", "top_k": 0})
        assert refused.is_error
        assert refused.content[0].text == "top_k is 0; it must be a whole number from 1 to 100."

    said = talk(sample_library, tmp_path / "log", conversation, mode=mode)
    assert "Traceback" not in said
    assert f"{SCENES:,} pictures. An assistant may ask on stdin" in said
    assert "a boat" not in said  # what was searched for stays out of the log


def test_calls_at_once_are_each_answered_with_their_own_pictures(sample_library: SampleLibrary, tmp_path: Path) -> None:
    async def conversation(client: Any) -> None:
        ids = list(range(1, 9))
        answers = await asyncio.gather(*(client.call_tool("show_pictures", {"ids": [one]}) for one in ids))
        assert [answer.content[0].text.split(":")[0] for answer in answers] == [f"id {one}" for one in ids]

    talk(sample_library, tmp_path / "log", conversation)


def spoken(*messages: dict[str, Any]) -> str:
    return "".join(f"{json.dumps({'jsonrpc': '2.0', **message})}\n" for message in messages)


HELLO = {
    "id": 1,
    "method": "initialize",
    "params": {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}},
}


def test_stdout_holds_nothing_but_the_protocol_and_its_end_ends_the_server(sample_library: SampleLibrary) -> None:
    call = {"id": 2, "method": "tools/call", "params": {"name": "show_pictures", "arguments": {"ids": [1]}}}
    said = spoken(HELLO, {"method": "notifications/initialized"}, call) + "no JSON\n"
    command = [sys.executable, "-m", "runtime", "mcp"]
    with subprocess.Popen(
        command,
        env=sample_library.environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stdin
        assert process.stdout
        process.stdin.write(said)
        process.stdin.flush()
        answers: list[dict[str, Any]] = []
        while not any(answer.get("id") == 2 for answer in answers):
            answers.append(json.loads(process.stdout.readline()))
        process.stdin.close()
        assert all(json.loads(line)["jsonrpc"] == "2.0" for line in process.stdout)
    assert process.returncode == 0
    assert answers[0]["result"]["serverInfo"]["name"] == "lookwhy"


def test_ctrl_c_ends_it_while_it_waits_on_a_terminal(sample_library: SampleLibrary) -> None:
    writer, terminal = pty.openpty()
    command = [sys.executable, "-m", "runtime", "mcp"]
    options: dict[str, Any] = {"stdin": terminal, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL, "text": True}
    with subprocess.Popen(command, env=sample_library.environment, **options) as process:
        os.close(terminal)
        assert process.stdout
        os.write(writer, spoken(HELLO).encode())
        assert "lookwhy" in process.stdout.readline()  # it serves
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=60) == 130
    os.close(writer)


def test_an_index_that_is_not_there_is_one_line_on_stderr(tmp_path: Path, sample_library: SampleLibrary) -> None:
    command = [sys.executable, "-m", "runtime", "mcp", "--index", str(tmp_path / "none")]
    ended = subprocess.run(command, env=sample_library.environment, capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr.splitlines() == [
        f"error: There is no index in {tmp_path}/none (manifest.json is not there). If you made one in another folder, go "
        "there, or name it with --index FOLDER (INDEX_DIR). Else make one: lookwhy index FOLDER."
    ]


def test_the_settings_that_the_documents_show_start_this_command() -> None:
    [block] = JSON_BLOCK.findall((ROOT / "docs" / "assistants.md").read_text("utf-8"))
    [server] = json.loads(block)["mcpServers"].values()
    assert Path(server["command"]).name == "lookwhy"
    name, *options = server["args"]
    command: Any = get_command(runtime.__main__.app)
    known = {option for parameter in command.commands[name].params for option in parameter.opts}
    assert set(options[::2]) <= known
    assert all(Path(value).is_absolute() for value in options[1::2])
