"""Browsers, driven by their own protocols: Firefox by WebDriver BiDi, WebKitGTK by WebDriver.

Knows nothing of the page. A browser that is not installed raises `NotHere`.
"""

import contextlib
import json
import os
import re
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Protocol

import websocket

MINI_BROWSERS = "/usr/lib/*/webkit2gtk-4.*/MiniBrowser"
LIMIT_S = 120.0
# A page of a window that no screen shows gets keys all the same; and nothing is asked of Mozilla.
FIREFOX_PREFERENCES = """
user_pref("focusmanager.testmode", true);
user_pref("services.settings.server", "data:,");
user_pref("app.normandy.enabled", false);
user_pref("network.captive-portal-service.enabled", false);
user_pref("network.connectivity-service.enabled", false);
"""


class NotHere(Exception):
    """A browser, or what drives it, is not installed."""


class DrivenBrowser(Protocol):
    """An open browser with one page."""

    version: str

    def open(self, address: str) -> None:
        """Load an address; return once it has loaded."""

    def run(self, script: str) -> Any:  # noqa: ANN401 (what JSON has)
        """Return what an async function with this body answers, by way of JSON."""

    def press(self, *keys: str) -> None:
        """Press keys as a user does; https://www.w3.org/TR/webdriver2/#keyboard-actions has those without a character."""

    def resize(self, width: int, height: int) -> None:
        """Give the page a size in pixels, as far as the browser has windows so small."""


def key_actions(keys: tuple[str, ...]) -> list[dict[str, Any]]:
    """Return presses of keys in the form that both protocols take."""
    actions = [{"type": kind, "value": key} for key in keys for kind in ("keyDown", "keyUp")]
    return [{"type": "key", "id": "keyboard", "actions": actions}]


class Firefox:
    """Firefox by WebDriver BiDi."""

    def __init__(self, address: str) -> None:
        self._socket = websocket.create_connection(f"{address}/session", timeout=LIMIT_S, suppress_origin=True)
        self._count = 0
        capabilities = self._call("session.new", capabilities={})["capabilities"]
        self.version = f"Firefox {capabilities['browserVersion']}"
        self._context = self._call("browsingContext.getTree")["contexts"][0]["context"]

    def _call(self, method: str, **parameters: object) -> dict[str, Any]:
        self._count += 1
        self._socket.send(json.dumps({"id": self._count, "method": method, "params": parameters}))
        while (answer := json.loads(self._socket.recv())).get("id") != self._count:
            pass  # events
        if answer["type"] == "error":
            raise RuntimeError(f"{method}: {answer['message']}")
        return dict(answer["result"])

    def open(self, address: str) -> None:
        """As the protocol."""
        self._call("browsingContext.navigate", context=self._context, url=address, wait="complete")

    def run(self, script: str) -> Any:  # noqa: ANN401 (what JSON has)
        """As the protocol."""
        as_json = f"(async () => {{ {script} }})().then((found) => JSON.stringify(found ?? null))"
        answer = self._call("script.evaluate", expression=as_json, target={"context": self._context}, awaitPromise=True)
        if answer["type"] == "exception":
            raise RuntimeError(answer["exceptionDetails"]["text"])
        return json.loads(answer["result"]["value"])

    def press(self, *keys: str) -> None:
        """As the protocol."""
        self._call("input.performActions", context=self._context, actions=key_actions(keys))

    def resize(self, width: int, height: int) -> None:
        """As the protocol."""
        self._call("browsingContext.setViewport", context=self._context, viewport={"width": width, "height": height})


class WebKit:
    """WebKitGTK's MiniBrowser by WebDriver."""

    def __init__(self, address: str, binary: str) -> None:
        self._address = f"{address}/session"
        options = {"webkitgtk:browserOptions": {"binary": binary, "args": ["--automation"]}}
        session = self._call("", {"capabilities": {"alwaysMatch": options}})
        self.version = f"WebKitGTK {session['capabilities']['browserVersion']}"
        self._address += f"/{session['sessionId']}"

    def _call(self, path: str, body: dict[str, Any]) -> Any:  # noqa: ANN401 (what JSON has)
        request = urllib.request.Request(
            self._address + path, json.dumps(body).encode(), {"content-type": "application/json"}
        )
        try:
            with urllib.request.urlopen(request, timeout=LIMIT_S) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as refusal:
            raise RuntimeError(f"{path}: {json.load(refusal)['value']['message']}") from refusal

    def open(self, address: str) -> None:
        """As the protocol."""
        self._call("/url", {"url": address})

    def run(self, script: str) -> Any:  # noqa: ANN401 (what JSON has)
        """As the protocol."""
        as_json = (
            "const done = arguments[arguments.length - 1];"
            f"(async () => {{ {script} }})()"
            ".then((found) => done(JSON.stringify([found ?? null])), (error) => done(String(error)));"
        )
        answer = str(self._call("/execute/async", {"script": as_json, "args": []}))
        if not answer.startswith("["):
            raise RuntimeError(answer)
        return json.loads(answer)[0]

    def press(self, *keys: str) -> None:
        """As the protocol."""
        self._call("/actions", {"actions": key_actions(keys)})

    def resize(self, width: int, height: int) -> None:
        """As the protocol."""
        self._call("/window/rect", {"width": width, "height": height})


@contextlib.contextmanager
def firefox() -> Iterator[DrivenBrowser]:
    """Yield a headless Firefox with a profile of its own.

    Raises:
        NotHere: there is none.
    """
    binary = shutil.which("firefox-esr") or shutil.which("firefox")
    if not binary:
        raise NotHere("firefox-esr is not installed")
    with TemporaryDirectory(prefix="lookwhy-firefox-") as profile:
        (Path(profile) / "user.js").write_text(FIREFOX_PREFERENCES, "utf-8")
        command = [binary, "--headless", "--no-remote", "--profile", profile, "--remote-debugging-port=0", "about:blank"]
        with ended(subprocess.Popen(command, stderr=subprocess.PIPE, text=True)) as process:
            assert process.stderr
            said = (re.search(r"WebDriver BiDi listening on (ws://\S+)", line) for line in process.stderr)
            yield Firefox(next(found[1] for found in said if found))


@contextlib.contextmanager
def webkit() -> Iterator[DrivenBrowser]:
    """Yield a MiniBrowser on a screen of its own.

    Raises:
        NotHere: it, its driver or Xvfb is not installed.
    """
    browsers = sorted(Path("/").glob(MINI_BROWSERS.lstrip("/")))
    if not browsers or not shutil.which("WebKitWebDriver") or not shutil.which("Xvfb"):
        raise NotHere("webkit2gtk-driver or xvfb is not installed")
    reading, writing = os.pipe()
    screen = ["Xvfb", "-displayfd", str(writing), "-screen", "0", "1400x1000x24"]
    with ended(subprocess.Popen(screen, pass_fds=[writing], stderr=subprocess.DEVNULL)):
        display = f":{os.read(reading, 16).decode().strip()}"
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        driver = partial(subprocess.Popen, env=os.environ | {"DISPLAY": display})
        with ended(driver(["WebKitWebDriver", f"--port={port}"])):
            wait_until_listening(port)
            yield WebKit(f"http://127.0.0.1:{port}", str(browsers[-1]))


@contextlib.contextmanager
def ended(process: "subprocess.Popen[Any]") -> Iterator["subprocess.Popen[Any]"]:
    """Yield a process, and end it afterwards."""
    try:
        yield process
    finally:
        process.terminate()
        process.wait(LIMIT_S)


def wait_until_listening(port: int) -> None:
    """Return once somebody listens at a port of the loopback.

    Raises:
        TimeoutError: nobody does within `LIMIT_S`.
    """
    deadline = time.monotonic() + LIMIT_S
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.05)  # nothing tells when a program begins to listen
    raise TimeoutError(f"nobody listens at port {port}")
