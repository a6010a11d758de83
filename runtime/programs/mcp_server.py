"""The tools over the Model Context Protocol, on stdin and stdout. The only file that uses its SDK (the extra `mcp`).

While it serves, stdout is the protocol's alone: the SDK turns whatever else is written there to stderr.
"""

import base64
import os
import shlex
import signal
import sys
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

import anyio

from runtime import __version__
from runtime.errors import LookwhyError
from runtime.programs.opened_library import OpenedLibrary
from runtime.programs.tools import TOOLS, WRITTEN_BY_OTHERS, Tool, ToolAnswer, call_tool
from runtime.terminal import INTERRUPTED

if TYPE_CHECKING:
    import mcp_types
    from mcp.server import Server, ServerRequestContext

INSTRUCTIONS = (
    "The user's own pictures, searched on the user's own machine. Search with search_pictures, look with show_pictures, and "
    f"give the verdicts as they are: no match means that the library probably holds no such picture. {WRITTEN_BY_OTHERS}"
)


class McpPackageMissing(LookwhyError):
    """The SDK of the Model Context Protocol is not installed, or is of another release; the failed import is the cause."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        command = f"{shlex.quote(sys.executable)} -m pip install 'lookwhy[mcp]'"
        super().__init__(f"lookwhy mcp cannot run: {reason}. Install what it needs with: {command}")


def check_sdk() -> None:
    """Return if the SDK can be used; raises McpPackageMissing. Before a library is opened, as that takes longer."""
    try:
        from mcp.server import Server  # noqa: F401 (whether it is there is the question)
        from mcp.server.stdio import stdio_server  # noqa: F401 (likewise)
    except ModuleNotFoundError as cause:
        raise McpPackageMissing(f"the package {cause.name} is not installed") from cause
    except ImportError as cause:
        raise McpPackageMissing("the package mcp is of another release than 2.3") from cause


def serve_stdio(library: OpenedLibrary, notes: Sequence[str] = ()) -> None:
    """Answer the client on stdin and stdout until it closes them; `notes` are sentences that it is told at the start.

    Ctrl-C ends the process at once: a thread of the SDK waits for stdin, and Python's own end would wait for that thread.
    """
    signal.signal(signal.SIGINT, lambda _number, _frame: os._exit(INTERRUPTED))
    anyio.run(partial(_serve, _open_server(library, " ".join((INSTRUCTIONS, *notes)))))


async def _serve(server: "Server") -> None:
    from mcp.server.stdio import stdio_server

    async with stdio_server() as (read, write):
        await server.run(read, write, server.create_initialization_options())


def _open_server(library: OpenedLibrary, instructions: str) -> "Server":
    import mcp_types
    from mcp.server import Server

    async def list_tools(
        _context: "ServerRequestContext", _params: "mcp_types.PaginatedRequestParams | None"
    ) -> "mcp_types.ListToolsResult":
        return mcp_types.ListToolsResult(tools=[_described(name, tool) for name, tool in TOOLS.items()])

    async def answer_call(
        _context: "ServerRequestContext", params: "mcp_types.CallToolRequestParams"
    ) -> "mcp_types.CallToolResult":
        called = partial(call_tool, library, params.name, params.arguments or {})
        return _result_of(await anyio.to_thread.run_sync(called))

    return Server(
        "lookwhy",
        version=__version__,
        title="Lookwhy",
        instructions=instructions,
        on_list_tools=list_tools,
        on_call_tool=answer_call,
    )


def _described(name: str, tool: Tool) -> "mcp_types.Tool":
    import mcp_types

    reads_alone = mcp_types.ToolAnnotations(read_only_hint=True, idempotent_hint=True, open_world_hint=False)
    return mcp_types.Tool(
        name=name,
        title=tool.title,
        description=tool.description,
        input_schema=tool.takes.model_json_schema(),
        annotations=reads_alone,
    )


def _result_of(answer: ToolAnswer) -> "mcp_types.CallToolResult":
    import mcp_types

    shown = [
        mcp_types.ImageContent(data=base64.b64encode(preview).decode(), mime_type="image/jpeg")
        for preview in answer.previews
    ]
    text = answer.text.encode("utf-8", "backslashreplace").decode()  # a name may hold what is no UTF-8, which ends the SDK
    return mcp_types.CallToolResult(content=[mcp_types.TextContent(text=text), *shown], is_error=answer.is_error)
