"""The stores that an index's manifest names, opened in the form they have: flat, or with clusters where it is large."""

from pathlib import Path

from runtime.artefacts.manifest import IndexManifest
from runtime.stores.clustered import IvfStore
from runtime.stores.faiss_ivf import MappedIvf
from runtime.stores.flat import FaissStore
from runtime.stores.protocols import VectorSource, VectorStore
from runtime.stores.vector_file import VectorFile


def open_stores(index_dir: Path, index: IndexManifest, threads: int = 1) -> tuple[VectorStore, VectorSource | None]:
    """Return the pictures' vectors and those of their captions, None where there are none.

    Raises:
        ArtefactMissing, ArtefactCorrupt: a file is absent, cut short, or not what the manifest says.
    """
    captions = index_dir / index.captions.path if index.captions else None
    if index.probing is None or index.vectors is None:
        pictures = FaissStore.open(index_dir / index.store.path, index.dimension, threads)
        return pictures, FaissStore.open(captions, index.dimension, threads) if captions else None
    vectors = VectorFile.open(index_dir / index.vectors.path, index.dimension)
    clusters = MappedIvf.open(index_dir / index.store.path, vectors.dimension, vectors.count, threads)
    large = IvfStore(clusters, vectors, nprobe=index.probing.nprobe, rescored=index.probing.rescored)
    return large, VectorFile.open(captions, index.dimension) if captions else None
