"""CloudFormation before moto's: it runs AWS's own transform over what `sam` sends, and leaves out what moto cannot make.

All other requests, of every service, are passed on as they are.
"""

import contextlib
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import ClassVar
from urllib.parse import parse_qs, urlencode, urlsplit

from tests.deploy.cloud import Cloud
from tests.deploy.made_by_moto import made_by_moto
from tests.deploy.resolved import resolve
from tests.deploy.translated import translated_template

TRANSFORMED = "AWS::Serverless::Function"  # sam's own stacks have none, and moto makes them as they are
OF_ONE_HOP = {"host", "content-length", "transfer-encoding", "connection"}
LIMIT_S = 120


@contextlib.contextmanager
def cloudformation_served(cloud: Cloud) -> Iterator[Cloud]:
    """The same cloud at another address, where stacks of SAM's templates can be made."""
    values: dict[str, dict[str, str]] = {}
    passing = type("Passing", (_Passing,), {"cloud": cloud, "values": values})
    server = ThreadingHTTPServer(("127.0.0.1", 0), passing)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield replace(cloud, url=f"http://127.0.0.1:{server.server_port}")
    finally:
        server.shutdown()
        server.server_close()


class _Passing(BaseHTTPRequestHandler):
    """One request to the address."""

    protocol_version = "HTTP/1.1"
    cloud: ClassVar[Cloud]
    values: ClassVar[dict[str, dict[str, str]]]  # of each stack's parameters, as they were given last

    def _pass_on(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        form = {name: values[0] for name, values in parse_qs(body.decode("latin-1"), keep_blank_values=True).items()}
        if form.get("Action") == "CreateChangeSet":
            body = urlencode(self._for_moto(form)).encode()
        headers = {name: value for name, value in self.headers.items() if name.lower() not in OF_ONE_HOP}
        asked = urllib.request.Request(self.cloud.url + self.path, body or None, headers, method=self.command)
        try:
            answer = urllib.request.urlopen(asked, timeout=LIMIT_S)
        except urllib.error.HTTPError as error:
            answer = error
        with answer:
            content = answer.read()
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            if name.lower() not in OF_ONE_HOP:
                self.send_header(name, value)
        length = answer.headers.get("content-length", "0") if self.command == "HEAD" else str(len(content))
        self.send_header("content-length", length)
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = _pass_on  # noqa: N815 (http.server's names)

    def _for_moto(self, form: dict[str, str]) -> dict[str, str]:
        """Return a request for a change set as moto can do it."""
        text = form.get("TemplateBody") or self._stored(form["TemplateURL"])
        if TRANSFORMED not in text:
            return form
        given = self.values.setdefault(form["StackName"], {})
        given |= parameters_of(form)
        with TemporaryDirectory() as folder:
            template = Path(folder) / "template.yaml"
            template.write_text(text, "utf-8")
            made = made_by_moto(resolve(translated_template(template), given))
        kept = {name: value for name, value in form.items() if name not in {"TemplateURL", "TemplateBody"}}
        return kept | {"TemplateBody": made}

    def _stored(self, url: str) -> str:
        """Return the template that `sam` has put into a bucket."""
        bucket, _, key = urlsplit(url).path.lstrip("/").partition("/")
        content = self.cloud.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()
        return str(content.decode("utf-8"))

    def log_message(self, format: str, *args: object) -> None:
        """Print nothing."""


def parameters_of(form: Mapping[str, str]) -> dict[str, str]:
    """Return the parameters that a request gives a value."""
    prefix, key = "Parameters.member.", "ParameterKey"
    numbers = [name[len(prefix) : -len(key) - 1] for name in form if name.startswith(prefix) and name.endswith(key)]
    named = {form[f"{prefix}{number}.{key}"]: form.get(f"{prefix}{number}.ParameterValue") for number in numbers}
    return {name: value for name, value in named.items() if value is not None}
