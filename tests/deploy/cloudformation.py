"""CloudFormation before moto's: change sets as `sam` makes them, over what AWS's own transform makes of its templates.

moto forgets the outputs of a stack that a change set made, so a change set is kept here, and carried out as a new stack or
as an update. What moto cannot make of a new stack follows by calls (made_by_calls.py). All other requests, of every service,
are passed on as they are.
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
from tests.deploy.made_by_calls import make_the_rest
from tests.deploy.made_by_moto import made_by_moto
from tests.deploy.resolved import resolve
from tests.deploy.translated import translated_template

TRANSFORMED = "AWS::Serverless::Function"  # sam's own stacks have none, and moto makes them as they are
REVIEWED = "<Timestamp>2026-01-01T00:00:00Z</Timestamp><ResourceStatus>REVIEW_IN_PROGRESS</ResourceStatus>"
OF_ONE_HOP = {"host", "content-length", "transfer-encoding", "connection", "expect"}
NO_FORM = {"Content-Type": "application/octet-stream"}  # urllib says form where nothing is said, and flask reads those away
LIMIT_S = 120


@contextlib.contextmanager
def cloudformation_served(cloud: Cloud) -> Iterator[Cloud]:
    """The same cloud at another address, where stacks of SAM's templates can be made."""
    passing = type("Passing", (_Passing,), {"cloud": cloud, "values": {}, "change_sets": {}, "reviewed": set()})
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
    change_sets: ClassVar[dict[tuple[str, str], dict[str, str]]]  # by their names and their stacks'
    reviewed: ClassVar[set[str]]  # stacks of change sets that are not carried out yet

    def _handle(self) -> None:
        body = self._body()
        form = {name: values[0] for name, values in parse_qs(body.decode("latin-1"), keep_blank_values=True).items()}
        match form.get("Action"):
            case "CreateChangeSet":
                self.change_sets[form["ChangeSetName"], form["StackName"]] = form
                self.reviewed.add(form["StackName"])
                self._answer("CreateChangeSet", f"<Id>{form['ChangeSetName']}</Id><StackId>{form['StackName']}</StackId>")
            case "DescribeStackEvents" if form["StackName"] in self.reviewed:
                self._answer("DescribeStackEvents", f"<StackEvents><member>{REVIEWED}</member></StackEvents>")
            case "DescribeChangeSet":
                named = "".join(f"<{name}>{form[name]}</{name}>" for name in ("ChangeSetName", "StackName"))
                status = "<Status>CREATE_COMPLETE</Status><ExecutionStatus>AVAILABLE</ExecutionStatus><Changes/>"
                self._answer("DescribeChangeSet", named + status)
            case "ExecuteChangeSet":
                self.reviewed.discard(form["StackName"])
                code, headers, content = self._carry_out(self.change_sets[form["ChangeSetName"], form["StackName"]])
                if code == 200:
                    self._answer("ExecuteChangeSet", "")
                else:
                    self._send(code, headers, content)
            case "CreateStack" | "UpdateStack" if "TemplateURL" in form:
                form["TemplateBody"] = self._stored(form.pop("TemplateURL"))
                self._send(*self._asked(urlencode(form).encode()))
            case _:
                self._send(*self._asked(body))

    def _answer(self, action: str, result: str) -> None:
        """Answer as CloudFormation does."""
        content = f"<{action}Response><{action}Result>{result}</{action}Result></{action}Response>"
        self._send(200, {"content-type": "text/xml"}, content.encode())

    def _body(self) -> bytes:
        if "chunked" not in self.headers.get("transfer-encoding", ""):
            return self.rfile.read(int(self.headers.get("content-length", 0)))
        parts = []
        while size := int(self.rfile.readline(), 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(parts)

    def _asked(self, body: bytes) -> tuple[int, Mapping[str, str], bytes]:
        """Return moto's answer."""
        headers = NO_FORM | {name: value for name, value in self.headers.items() if name.lower() not in OF_ONE_HOP}
        asked = urllib.request.Request(self.cloud.url + self.path, body or None, headers, method=self.command)
        try:
            answer = urllib.request.urlopen(asked, timeout=LIMIT_S)
        except urllib.error.HTTPError as error:
            answer = error
        with answer:
            return answer.status, answer.headers, answer.read()

    def _send(self, status: int, headers: Mapping[str, str], content: bytes) -> None:
        self.send_response(status)
        for name, value in headers.items():
            if name.lower() not in OF_ONE_HOP:
                self.send_header(name, value)
        length = headers.get("content-length", "0") if self.command == "HEAD" else str(len(content))
        self.send_header("content-length", length)
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = _handle  # noqa: N815 (http.server's names)

    def _carry_out(self, form: dict[str, str]) -> tuple[int, Mapping[str, str], bytes]:
        """Return moto's answer to a change set as a request for a stack, or for its update, as moto can make it."""
        text = form.get("TemplateBody") or self._stored(form["TemplateURL"])
        stack, is_new = form["StackName"], form["ChangeSetType"] == "CREATE"
        kept = {name: value for name, value in form.items() if not name.startswith(("Template", "ChangeSet"))}
        asked = kept | {"Action": "CreateStack" if is_new else "UpdateStack"}
        if TRANSFORMED not in text:
            return self._asked(urlencode(asked | {"TemplateBody": text}).encode())
        given = self.values.setdefault(stack, {})
        given |= parameters_of(form)
        with TemporaryDirectory() as folder:
            template = Path(folder) / "template.yaml"
            template.write_text(text, "utf-8")
            resolved = resolve(translated_template(template), given)
        answer = self._asked(urlencode(asked | {"TemplateBody": made_by_moto(resolved)}).encode())
        if is_new and answer[0] == 200:
            make_the_rest(self.cloud, resolved, given, stack)
        return answer

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
