"""What a cold start does not need, it does not import: each of these takes milliseconds, and pages of the image."""

import json
import subprocess
import sys
from pathlib import Path

from tests.conftest import ROOT
from tests.deploy.events import url_event
from tests.deploy.published import Published

NOT_NEEDED = {
    "boto3", "botocore.client", "faiss", "prometheus_client", "groq", "httpx", "PIL", "numpy.ma", "uvicorn", "typer", "rich",
}  # fmt: skip
EVENT = url_event("POST", "/search", headers={"content-type": "application/json"}, body=b'{"query": "a red boat"}')
CODE = f"""
import json, sys
import handler
class Context:
    aws_request_id = "a1"
answer = handler.handler(json.loads({json.dumps(EVENT)!r}), Context())
assert answer["statusCode"] == 200, answer
import fastapi.openapi.models as models
print(sorted({NOT_NEEDED} & set(sys.modules)), models.OpenAPI.__pydantic_complete__)
"""


def test_a_first_search_over_an_index_on_s3_needs_none_of_these(published: Published, tmp_path: Path) -> None:
    as_deployed = {"AWS_LAMBDA_FUNCTION_NAME": "lookwhy", "METRICS": "off", "LOG_FORMAT": "json"}
    environment = published.environment(tmp_path / "fetched") | as_deployed
    done = subprocess.run(
        [sys.executable, "-c", CODE], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "[] False"
    assert "Warning" not in done.stderr  # validators that are built late warn of what FastAPI gives them on purpose
