"""What the checks of a request cost beside a warm search, in process: python -m benchmarks.server.access [--rounds N]

One app, asked with its checks and without, in turns. The requests are as a browser sends them, with the headers of Chromium;
the token's case has a session's cookie and a rate limit, too. A search is warm: its query's vector is remembered.
"""

import asyncio
from functools import partial
from pathlib import Path
from typing import Annotated, Any, cast

import typer
from pydantic import SecretStr
from rich.console import Console
from starlette.types import ASGIApp, Message

from benchmarks.measure.timing import median_ms
from runtime.bootstrap import open_engine
from runtime.settings import Settings
from runtime.terminal import told_errors
from runtime.web.access.guard import AccessGuard
from runtime.web.access.token import COOKIE, AccessToken
from runtime.web.api import create_app

TOKEN = "0123456789-of-this-benchmark-alone"
BODY = b'{"query": "a red boat", "top_k": 5}'
HEADERS = {
    "host": "127.0.0.1:8000",
    "content-length": str(len(BODY)),
    "sec-ch-ua-platform": '"Linux"',
    "user-agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/143.0.0.0 Safari/537.36",
    "accept": "application/json",
    "content-type": "application/json",
    "origin": "http://127.0.0.1:8000",
    "sec-fetch-site": "same-origin",
    "sec-fetch-mode": "cors",
    "sec-fetch-dest": "empty",
    "accept-encoding": "gzip, deflate, br, zstd",
    "accept-language": "en-US,en;q=0.9",
}


def main(
    rounds: Annotated[int, typer.Option(help="Searches of each kind.")] = 2000,
    index: Annotated[Path, typer.Option(help="The index to search in.")] = Path("artifacts/sample/index"),
) -> None:
    """Print a Markdown table: a warm search without and with the checks."""
    with told_errors():
        usual = Settings.read(index_dir=index, rate_limit="900000/second")
        engine = open_engine(usual)
        guarded = usual.model_copy(update={"access_token": SecretStr(TOKEN)})
        bare = create_app(engine, usual)
        bare.user_middleware = [one for one in bare.user_middleware if one.cls != cast("Any", AccessGuard)]
        cookie = {"cookie": f"{COOKIE}={AccessToken(SecretStr(TOKEN)).make_cookie()}"}
        with asyncio.Runner() as runner:
            apps: dict[str, tuple[ASGIApp, dict[str, str]]] = {
                "no checks": (bare, HEADERS),
                "as it comes, and a rate limit": (create_app(engine, usual), HEADERS),
                "with a token, too": (create_app(engine, guarded), HEADERS | cookie),
            }
            ms = median_ms({name: partial(_search, runner, *asked) for name, asked in apps.items()}, rounds)
    lines = ["| a warm search | ms | added |", "|---|---|---|"]
    least = ms["no checks"]
    lines += [f"| {name} | {took:.3f} | {(took / least - 1) * 100:.1f} % |" for name, took in ms.items()]
    Console(highlight=False).print("\n".join(lines), soft_wrap=True, markup=False)


def _search(runner: asyncio.Runner, app: ASGIApp, headers: dict[str, str]) -> None:
    runner.run(ask(app, headers))


async def ask(app: ASGIApp, headers: dict[str, str]) -> None:
    """Send one search, and check that it was answered."""
    statuses: list[int] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": BODY, "more_body": False}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])

    scope: dict[str, Any] = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": "/search",
        "raw_path": b"/search",
        "query_string": b"",
        "root_path": "",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        "client": ("127.0.0.1", 50000),
        "server": ("127.0.0.1", 8000),
    }
    await app(scope, receive, send)
    if statuses != [200]:
        raise RuntimeError(f"the search was answered with {statuses}")


if __name__ == "__main__":
    typer.run(main)
