"""Opens stores. The only file that knows their kinds: flat and, for large libraries, clustered in files; and engines."""

from pathlib import Path
from typing import TYPE_CHECKING

from runtime.artefacts.manifest import IndexManifest
from runtime.errors import SettingInvalid
from runtime.stores.clustered import ClusteredStore
from runtime.stores.faiss_ivf import MappedIvf
from runtime.stores.flat import FlatStore
from runtime.stores.mapped_memory import KEPT_BYTES
from runtime.stores.protocols import VectorSource, VectorStore
from runtime.stores.small import SmallStore
from runtime.stores.vector_file import VectorFile

if TYPE_CHECKING:
    from pydantic import SecretStr

    from runtime.stores.address import StoreAddress
    from runtime.stores.manifest_folder import ManifestFolder, RemoteLibraries


def open_stores(
    index_dir: Path, index: IndexManifest, threads: int = 1, *, kept_bytes: int = KEPT_BYTES
) -> tuple[VectorStore, VectorSource | None]:
    """Return the pictures' vectors and those of their captions, None where there are none.

    Of a file that is mapped, as a large library's clusters are, about `kept_bytes` stay in memory.

    Raises:
        ArtefactMissing, ArtefactCorrupt: a file is absent, cut short, or not what the manifest says.
    """
    captions = index_dir / index.captions.path if index.captions else None
    if index.probing is None or index.vectors is None:
        pictures = _open_flat(index_dir / index.store.path, index.dimension, threads)
        return pictures, _open_flat(captions, index.dimension, threads) if captions else None
    vectors = VectorFile.open(index_dir / index.vectors.path, index.dimension)
    clusters = MappedIvf.open(index_dir / index.store.path, vectors.dimension, vectors.count, threads, kept_bytes=kept_bytes)
    large = ClusteredStore(clusters, vectors, nprobe=index.probing.nprobe, rescored=index.probing.rescored)
    return large, VectorFile.open(captions, index.dimension) if captions else None


def _open_flat(path: Path, dimension: int, threads: int) -> SmallStore | FlatStore:
    return SmallStore.read(path, dimension) or FlatStore.open(path, dimension, threads)


def open_engine_folder(store: str, token: "SecretStr | None", fetch_dir: Path) -> "ManifestFolder":
    """Return the index's folder of a library in an engine.

    Args:
        store: the engine's address, as the setting STORE has it.
        token: what the engine asks for; None for nothing.
        fetch_dir: below which the library's small tables are written.

    Raises:
        SettingInvalid: it is no address.
        StoreUnavailable: the engine does not answer.
        RemoteRefused: it refuses, or its client is not installed.
    """
    from runtime.stores.address import StoreAddress
    from runtime.stores.manifest_folder import ManifestFolder

    try:
        address = StoreAddress.parse(store)
    except ValueError as cause:
        raise SettingInvalid("STORE", store, str(cause)) from cause
    libraries = open_remote_libraries(address, token.get_secret_value() if token else None)
    return ManifestFolder(fetch_dir / "store" / address.name, address, libraries)


def open_remote_libraries(address: "StoreAddress", token: str | None = None) -> "RemoteLibraries":
    """Return the library at an address; raises as `open_engine_folder`."""
    match address.kind:
        case "milvus":
            from runtime.stores.milvus import MilvusLibrary

            return MilvusLibrary(address, token)
        case "s3vectors":
            from runtime.stores.s3vectors.store import S3VectorsLibrary

            return S3VectorsLibrary(address)
