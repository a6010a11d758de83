"""Whatever goes wrong: the one form, the safe headers, and a count under the route. And where the counts are shown."""

import logging

import pytest
from fastapi.testclient import TestClient

from runtime.engine import Engine
from runtime.errors import RemoteRefused, SettingInvalid
from runtime.settings import Settings
from runtime.stores.flat import FlatStore
from runtime.web.api import create_app
from runtime.web.log.privacy import PrivateLog
from runtime.web.server.listening import open_sockets
from tests.runtime.web.test_api import fault, search

METRICS = "127.0.0.1:9100"


def figures(client: TestClient) -> str:
    return client.get("/metrics").text


def test_an_exception_that_nobody_expected_is_answered_as_any_other(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("a secret of the inside")

    monkeypatch.setattr(engine, "search", fail)
    client = TestClient(create_app(engine, Settings.read(cors_origins="https://page.example")))
    answer = client.post("/search", json={"query": "red"}, headers={"origin": "https://page.example"})
    assert (answer.status_code, fault(answer)["code"]) == (500, "internal")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["access-control-allow-origin"] == "https://page.example"
    assert 'lookwhy_requests_total{route="/search",status="500"} 1.0' in figures(client)
    assert "a secret of the inside" in caplog.text


def test_an_engine_s_refusal_is_answered_as_any_other_even_if_it_is_its_own_cause(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    refusal = ValueError("collection not found")
    refusal.__cause__ = refusal  # as pymilvus raises them: `raise e from e`

    def refuse(*_: object, **__: object) -> None:
        raise RemoteRefused("milvus://here:19530/photos", "collection not found", "See STORE.") from refusal

    monkeypatch.setattr(engine, "search", refuse)
    private = PrivateLog()
    faults = logging.getLogger("runtime.web.faults")
    faults.addFilter(private)
    try:
        answer = TestClient(create_app(engine, Settings.read())).post("/search", json={"query": "red"})
    finally:
        faults.removeFilter(private)
    assert (answer.status_code, fault(answer)["code"]) == (503, RemoteRefused.code)


def test_a_store_that_finds_what_the_catalogue_lacks_is_not_the_request_s_fault(
    client: TestClient, store: FlatStore, caplog: pytest.LogCaptureFixture
) -> None:
    store.add([77], store.vectors_of([1]))
    answer = search(client, query="red")
    assert (answer.status_code, fault(answer)["code"]) == (503, "artefact_corrupt")
    assert "temporarily unavailable" in fault(answer)["message"]
    assert "lookwhy index" in caplog.text
    assert search(client, query="", like=78).status_code == 404


@pytest.mark.parametrize(
    ("content", "content_type"),
    [
        (b"\xff\xfe", "application/json"),
        (b"{", "application/json"),
        (b"--b\r\nnonsense", "multipart/form-data; boundary=b"),
        (b"x", "multipart/form-data"),
    ],
)
@pytest.mark.parametrize("path", ["/search", "/search/image", "/explain"])
def test_a_malformed_request_has_one_status(client: TestClient, path: str, content: bytes, content_type: str) -> None:
    answer = client.post(path, content=content, headers={"content-type": content_type})
    assert (answer.status_code, fault(answer)["code"]) == (422, "request_malformed")


def test_a_text_in_place_of_the_picture_is_named(client: TestClient) -> None:
    answer = client.post("/search/image", data={"image": "mine.png"})
    assert answer.status_code == 422
    message = answer.json()["error"]["message"]
    assert message == (
        "image is 'mine.png'; it must be a file. The body must be a form (content-type: multipart/form-data) "
        "with the picture's file as `image`."
    )


def test_mounted_files_are_counted_under_the_place_where_they_are_mounted(client: TestClient) -> None:
    client.get("/static/app.js")
    client.get("/static/nothing.js")
    for status in (200, 404):
        assert f'lookwhy_requests_total{{route="/static",status="{status}"}} 1.0' in figures(client)


def test_metrics_can_be_closed(engine: Engine) -> None:
    client = TestClient(create_app(engine, Settings.read(metrics="off")))
    assert fault(client.get("/metrics"))["code"] == "not_found"
    assert client.get("/healthz").status_code == 200


def test_metrics_can_be_shown_on_a_port_of_their_own_and_nothing_else_there(engine: Engine) -> None:
    app = create_app(engine, Settings.read(metrics=METRICS))
    here, there = TestClient(app, base_url="http://a:8000"), TestClient(app, base_url="http://a:9100")
    assert [client.get("/metrics").status_code for client in (here, there)] == [404, 200]
    assert [client.get("/healthz").status_code for client in (here, there)] == [200, 404]
    assert fault(there.get("/"))["code"] == "not_found"


@pytest.mark.parametrize(
    ("given", "address"),
    [("on", None), ("off", None), (METRICS, ("127.0.0.1", 9100)), ("[::1]:9100", ("::1", 9100)), (":9100", ("", 9100))],
)
def test_the_address_of_metrics_is_read(given: str, address: tuple[str, int] | None) -> None:
    assert Settings.read(metrics=given).metrics_address == address


@pytest.mark.parametrize("given", ["yes", "9100", "127.0.0.1", "127.0.0.1:", "127.0.0.1:0", ":99999", "http://a:9100"])
def test_another_value_for_metrics_is_refused(given: str) -> None:
    with pytest.raises(SettingInvalid, match="METRICS"):
        Settings.read(metrics=given)


def test_an_address_of_metrics_that_is_not_here_is_refused_by_its_name() -> None:
    with pytest.raises(SettingInvalid, match="METRICS"):
        open_sockets("192.0.2.1", 9100, "METRICS")
