"""Opens the stores that an index's manifest names. The only file that knows their kinds: flat, or clustered if large."""

from pathlib import Path

from runtime.artefacts.manifest import IndexManifest
from runtime.stores.clustered import ClusteredStore
from runtime.stores.faiss_ivf import MappedIvf
from runtime.stores.flat import FlatStore
from runtime.stores.protocols import VectorSource, VectorStore
from runtime.stores.vector_file import VectorFile


def open_stores(index_dir: Path, index: IndexManifest, threads: int = 1) -> tuple[VectorStore, VectorSource | None]:
    """Return the pictures' vectors and those of their captions, None where there are none.

    Raises:
        ArtefactMissing, ArtefactCorrupt: a file is absent, cut short, or not what the manifest says.
    """
    captions = index_dir / index.captions.path if index.captions else None
    if index.probing is None or index.vectors is None:
        pictures = FlatStore.open(index_dir / index.store.path, index.dimension, threads)
        return pictures, FlatStore.open(captions, index.dimension, threads) if captions else None
    vectors = VectorFile.open(index_dir / index.vectors.path, index.dimension)
    clusters = MappedIvf.open(index_dir / index.store.path, vectors.dimension, vectors.count, threads)
    large = ClusteredStore(clusters, vectors, nprobe=index.probing.nprobe, rescored=index.probing.rescored)
    return large, VectorFile.open(captions, index.dimension) if captions else None
