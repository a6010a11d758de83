"""Behind CloudFront: whose tries are counted, which token counts, whose page may ask, and what the login page sends."""

import hashlib
import re
from base64 import b64decode, b64encode

import pytest
from fastapi.testclient import TestClient

from runtime.engine import Engine
from runtime.settings import Settings
from runtime.web.access.cloudfront import CloudFrontRequests
from runtime.web.access.guard import TRIES_PER_MINUTE
from runtime.web.api import create_app
from tests.runtime.web.access.guarded import TOKEN, code_of, guarded_app

SIGNATURE = {"authorization": "AWS4-HMAC-SHA256 Credential=cloudfront"}


@pytest.fixture
def client(engine: Engine) -> TestClient:
    app = guarded_app(engine, behind_cloudfront=True)
    return TestClient(CloudFrontRequests(app), headers=SIGNATURE, follow_redirects=False)


def test_the_visitors_token_counts_and_cloudfronts_signature_does_not(client: TestClient) -> None:
    assert client.get("/readyz", headers={"x-lookwhy-authorization": f"Bearer {TOKEN}"}).status_code == 200
    assert client.get("/readyz", headers={"authorization": f"Bearer {TOKEN}"}).status_code == 401


def test_wrong_tokens_are_counted_by_visitor_and_not_by_cloudfronts_own_address(client: TestClient) -> None:
    def tried(viewer: str, token: str) -> int:
        headers = {"x-lookwhy-client": viewer, "x-lookwhy-authorization": f"Bearer {token}"}
        return client.get("/readyz", headers=headers).status_code

    assert [tried("203.0.113.7", "wrong") for _ in range(TRIES_PER_MINUTE)] == [401] * TRIES_PER_MINUTE
    assert tried("203.0.113.7", TOKEN) == 429
    assert tried("2001:db8::1", TOKEN) == 200


def test_a_page_of_somebody_else_may_not_ask(client: TestClient, engine: Engine) -> None:
    foreign = {"origin": "https://evil.example", "sec-fetch-site": "cross-site"}
    passed = {"x-lookwhy-authorization": f"Bearer {TOKEN}"}
    assert code_of(client.get("/readyz", headers=passed | foreign)) == "origin_not_allowed"
    behind = Settings.read(behind_cloudfront=True, cors_origins="https://photos.example.com")
    app = create_app(engine, behind, on_lambda=True)
    known = {"origin": "https://photos.example.com", "sec-fetch-site": "cross-site"}
    assert TestClient(app).get("/readyz", headers=known).status_code == 200
    assert code_of(TestClient(app).get("/readyz", headers=foreign)) == "origin_not_allowed"


def test_the_login_page_has_one_script_that_it_allows_and_none_on_a_plain_server(client: TestClient, engine: Engine) -> None:
    shown = client.get("/login")
    [script] = re.findall(r'<script type="module">(.*)</script>', shown.text, re.DOTALL)
    digest = b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'; connect-src 'self'" in shown.headers["content-security-policy"]
    assert len(b64decode(digest)) == 32
    plain = TestClient(guarded_app(engine)).get("/login")
    assert "<script" not in plain.text
    assert "script-src" not in plain.headers["content-security-policy"]
