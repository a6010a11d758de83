"""CloudFront as far as this project needs it: the functions of template.yaml, run as they stand there, and a distribution.

njs is the engine that CloudFront's own is made of (Debian: `apt install njs`); node stands in where it is absent.
"""

import functools
import hashlib
import http.server
import json
import re
import shutil
import subprocess
import threading
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from urllib.error import HTTPError
from urllib.parse import parse_qsl, urlsplit

import pytest

from tests.deploy.emulator import Answer, Emulator
from tests.deploy.events import url_event
from tests.deploy.translated import translated_template

ENGINES = [name for name in ("njs", "node") if shutil.which(name)]
RUN = "{code}\n{events}.forEach((event) => console.log(JSON.stringify(handler(event))));\n"
VIEWER = "203.0.113.7"
FOR_SITE = re.compile(r"/|/index\.html|/service_worker\.js|/static/.*|/previews/.*")


def function_code(name: str, token: str = "") -> str:
    """Return the code of a CloudFront function of the template, as it is for a stack with this access token."""
    code = translated_template()["Resources"][name]["Properties"]["FunctionCode"]
    return str(code["Fn::Sub"] if isinstance(code, dict) else code).replace("${AccessToken}", token)


def viewer_request(
    path: str, *, method: str = "GET", query: str = "", headers: dict[str, str] | None = None, cookies: Sequence[str] = ()
) -> dict[str, Any]:
    """Return the event of a viewer's request, in the form of CloudFront's documents; `cookies` are of the session's name."""
    values = [{"value": value} for value in cookies]
    session = {"value": cookies[0], **({"multiValue": values} if len(values) > 1 else {})} if cookies else None
    fields: dict[str, Any] = {}
    for pair in filter(None, query.split("&")):
        field, _, value = pair.partition("=")
        fields.setdefault(field, {"value": value, "multiValue": []})["multiValue"].append({"value": value})
    request = {
        "method": method,
        "uri": path,
        "querystring": fields,
        "headers": {field.lower(): {"value": value} for field, value in (headers or {}).items()},
        "cookies": {"lookwhy_session": session} if session else {},
    }
    return {"version": "1.0", "context": {}, "viewer": {"ip": VIEWER}, "request": request}


def run_function(engine: str, code: str, events: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return what the function makes of each event: the request to go on with, or an answer with a `statusCode`."""
    script = RUN.replace("{code}", code).replace("{events}", json.dumps(events))
    command = [engine, "-c" if engine == "njs" else "-e", script]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


class Distribution:
    """What a browser meets: each request passes the function of its path, then goes to the site or to the function's URL.

    The site is a server without a token, in place of the bucket. The function's URL takes what AWS takes: a POST only with
    the sha256 of its body. It sees CloudFront's signature where `Authorization` was.
    """

    def __init__(self, site: str, function: Emulator, token: str) -> None:
        self._site, self._function = site, function
        self._run = functools.partial(run_function, ENGINES[0])
        self._gates = {name: function_code(name, token) for name in ("SiteGate", "FunctionGate")}
        self.refused_by_aws = 0

    def answer(self, method: str, target: str, headers: dict[str, str], body: bytes) -> Answer:
        parts = urlsplit(target)
        is_site = FOR_SITE.fullmatch(parts.path) is not None
        event = viewer_request(
            parts.path, method=method, query=parts.query, headers=headers, cookies=_sessions(headers.get("cookie", ""))
        )
        [passed] = self._run(self._gates["SiteGate" if is_site else "FunctionGate"], [event])
        if "statusCode" in passed:
            said = {name: field["value"] for name, field in passed["headers"].items()}
            return Answer(passed["statusCode"], said, passed["body"].encode(), was_base64=False)
        if is_site:
            return self._from_site(passed["uri"].replace("/index.html", "/"))
        return self._from_function(method, parts.path, parts.query, passed, body, headers.get("cookie"))

    def _from_site(self, path: str) -> Answer:
        try:
            with urllib.request.urlopen(f"{self._site}{path}", timeout=300) as answer:
                return Answer(
                    answer.status, {"content-type": answer.headers["content-type"]}, answer.read(), was_base64=False
                )
        except HTTPError as error:
            return Answer(error.code, {}, error.read(), was_base64=False)

    def _from_function(
        self, method: str, path: str, query: str, passed: dict[str, Any], body: bytes, cookie: str | None
    ) -> Answer:
        headers = {name: field["value"] for name, field in passed["headers"].items() if name not in {"host", "cookie"}}
        if method == "POST" and headers.get("x-amz-content-sha256") != hashlib.sha256(body).hexdigest():
            self.refused_by_aws += 1
            return Answer(403, {}, b'{"Message": "The request signature we calculated does not match"}', was_base64=False)
        headers |= {"authorization": "AWS4-HMAC-SHA256 Credential=cloudfront"}
        event = url_event(method, path, headers=headers, body=body, cookies=[cookie] if cookie else None)
        return self._function.ask(event | {"rawQueryString": query})


@contextmanager
def distribution_served(distribution: Distribution) -> Iterator[str]:
    """The distribution at an address that browsers take for a safe one, as they do with this machine's own."""

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        one_at_a_time = threading.Lock()  # as is an environment of the function

        def do_GET(self) -> None:
            headers = {name.lower(): value for name, value in self.headers.items()}
            body = self.rfile.read(int(headers.get("content-length", 0)))
            with self.one_at_a_time:
                answer = distribution.answer(self.command, self.path, headers, body)
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            for cookie in answer.cookies:
                self.send_header("set-cookie", cookie)
            if "content-length" not in answer.headers:
                self.send_header("content-length", str(len(answer.body)))
            self.end_headers()
            self.wfile.write(answer.body)

        do_POST = do_GET  # noqa: N815 (the name that http.server looks for)

        def log_message(self, *_arguments: object) -> None:
            """Print nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://localhost:{server.server_port}"
        server.shutdown()


def _sessions(header: str) -> list[str]:
    pairs = (part.strip().partition("=") for part in header.split(";"))
    return [value for name, _, value in pairs if name == "lookwhy_session"]


def decoded_query(location: str) -> dict[str, str]:
    """Return the fields of an address."""
    return dict(parse_qsl(urlsplit(location).query))


needs_engine = pytest.mark.skipif(not ENGINES, reason="neither njs nor node is here: apt install njs")
