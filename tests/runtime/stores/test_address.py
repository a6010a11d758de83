"""The setting STORE: which addresses it takes, and that what it takes is read as it was meant."""

import pytest

from runtime.errors import SettingInvalid
from runtime.settings import Settings
from runtime.stores.address import StoreAddress


@pytest.mark.parametrize(
    ("url", "kind", "host", "port", "name"),
    [
        ("milvus://localhost:19531/photos", "milvus", "localhost", 19531, "photos"),
        ("milvus://milvus.internal/Our_photos2", "milvus", "milvus.internal", 19530, "Our_photos2"),
        ("milvus://[::1]:19530/photos", "milvus", "::1", 19530, "photos"),
        ("milvus+tls://milvus.example/photos", "milvus", "milvus.example", 19530, "photos"),
        ("s3vectors://our-bucket/photos.v2", "s3vectors", "our-bucket", 0, "photos.v2"),
    ],
)
def test_an_address_is_read(url: str, kind: str, host: str, port: int, name: str) -> None:
    address = StoreAddress.parse(url)
    assert (address.kind, address.host, address.port, address.name) == (kind, host, port, name)
    assert StoreAddress.parse(str(address)) == address
    assert address.tls == url.startswith("milvus+tls:")


@pytest.mark.parametrize(
    "url",
    [
        *("", "photos", "milvus://", "milvus://host", "milvus://host/", "milvus://host:0x1/photos", "milvus://host:99999/a"),
        *("milvus://host/a/b", "milvus://host/1a", "milvus://host/a-b", "milvus://host/a?x=1", "milvus://host/a#b"),
        *("http://host/photos", "faiss:folder", "s3vectors://b/i", "s3vectors://bucket:80/index"),
        *("milvus:///photos", "milvus://[::1/photos", "milvus://user:secret@host/photos", "milvus://host/" + "a" * 201),
        *("milvus+ssl://host/photos", "s3vectors+tls://our-bucket/photos", "milvus+tls://host/"),
    ],
)
def test_anything_else_is_refused_with_what_is_accepted(url: str) -> None:
    with pytest.raises(
        ValueError, match=r"it must be milvus://HOST:PORT/COLLECTION, milvus\+tls://\S+ or s3vectors://BUCKET/INDEX"
    ) as raised:
        StoreAddress.parse(url)
    assert "secret" not in str(raised.value)


def test_the_setting_refuses_what_names_no_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STORE", "photos")
    with pytest.raises(SettingInvalid, match="STORE"):
        Settings.read()
    for url in ("milvus://host/photos", "milvus+tls://host/photos", "s3vectors://our-bucket/photos"):
        monkeypatch.setenv("STORE", url)
        assert Settings.read().store == url
