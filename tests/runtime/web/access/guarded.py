"""The app behind an access token, and what the tests ask of it."""

from typing import Any

from fastapi import FastAPI
from fastapi.testclient import TestClient
from httpx2 import Response
from pydantic import SecretStr

from runtime.engine import Engine
from runtime.settings import Settings
from runtime.web.api import create_app

TOKEN = "the-token-of-these-tests"
BEARER = {"authorization": f"Bearer {TOKEN}"}


def guarded_app(engine: Engine, **settings: Any) -> FastAPI:
    return create_app(engine, Settings.read(access_token=SecretStr(TOKEN), **settings))


def log_in(client: TestClient, token: str = TOKEN, **fields: str) -> Response:
    return client.post("/login", data={"token": token, **fields})


def code_of(answer: Response) -> str:
    body = answer.json()
    assert set(body) == {"error"}
    assert set(body["error"]) == {"code", "message"}
    return str(body["error"]["code"])
