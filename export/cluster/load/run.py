"""Shards to an engine: which one, by the address that a person gives."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from export.cluster.errors import StoreUnknown
from export.cluster.load.models import FileLoadModels
from export.cluster.load.to_faiss import LoadOptions, load_faiss
from runtime.settings import Settings
from runtime.stores.address import StoreAddress


@dataclass(frozen=True)
class Loading:
    """What is loaded where: shards, an address, the models that made them, how, and where progress goes."""

    shards: str
    store: str
    models: FileLoadModels
    options: LoadOptions
    console: Console


def load_shards(loading: Loading) -> None:
    """Load shards into the engine at an address, beside what is there, which they then replace at once.

    Raises:
        StoreUnknown: the address is that of no engine.
        ShardsUnusable: the shards are damaged, or other models made them.
        LoadRefused: the engine refuses, or holds what it should not.
        StoreUnavailable, RemoteRefused: it does not answer, or its client is not installed.
        OutputUnwritable: the engine's files cannot be written; what was there before still is.
    """
    check_store(loading.store)(loading)


def check_store(address: str) -> Callable[[Loading], None]:
    """Return what loads shards into the engine at an address, which is not asked yet; raises StoreUnknown."""
    load = next((load for start, (_, load) in ENGINES.items() if address.startswith(start) and address != start), None)
    try:
        if load and load is not _load_faiss:
            StoreAddress.parse(address)
    except ValueError:
        load = None
    if load is None:
        raise StoreUnknown(address, [form for form, _ in ENGINES.values()])
    return load


def _load_faiss(loading: Loading) -> None:
    out = Path(loading.store.removeprefix("faiss:"))
    load_faiss(loading.shards, out, models=loading.models, options=loading.options, console=loading.console)


def _load_milvus(loading: Loading) -> None:
    from export.cluster.load.to_milvus import load_milvus

    given = Settings.read().milvus_token
    token, places = given.get_secret_value() if given else None, loading.options.places
    load_milvus(loading.shards, loading.store, loading.models, loading.console, token=token, places=places)


def _load_s3vectors(loading: Loading) -> None:
    from export.cluster.load.to_s3vectors import load_s3vectors

    places = loading.options.places
    load_s3vectors(loading.shards, loading.store, loading.models, loading.console, places=places)


ENGINES: dict[str, tuple[str, Callable[[Loading], None]]] = {
    "faiss:": ("faiss:FOLDER", _load_faiss),
    "milvus://": ("milvus://HOST:PORT/COLLECTION", _load_milvus),
    "milvus+tls://": ("milvus+tls://HOST:PORT/COLLECTION", _load_milvus),
    "s3vectors://": ("s3vectors://BUCKET/INDEX", _load_s3vectors),
}
"""By how an address begins: its whole form, and what loads shards there."""
