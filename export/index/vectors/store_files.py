"""The stores of a generation, written flat or clustered, by the count of pictures. `runtime/stores/opening.py` opens them.

Below `IVF_FROM` pictures, one flat file of the pictures' vectors and one of their captions', searched whole. From there on,
the vectors are in files of 16-bit floats, and the pictures' vectors have an index of clusters besides.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from export.index.vectors.clusters import write_ivf
from export.index.vectors.extended_clusters import LastClusters, extend_ivf
from export.index.vectors.nprobe import TEXT_COSINE, choose_probing, still_found
from runtime.artefacts.cluster_search import ClusterSearchParams
from runtime.models.cpu_cores import usable_cores
from runtime.stores.clustered import ClusteredStore
from runtime.stores.faiss_ivf import MappedIvf
from runtime.stores.flat import FlatStore
from runtime.stores.protocols import VectorSource, VectorStore
from runtime.stores.vector_file import VectorBatch, VectorFile, write_vectors

IVF_FROM = 50_000  # a flat search of so many takes 8 ms on one thread (512 dimensions), and grows with them
STORE_NAME, CAPTIONS_NAME = "image_index.faiss", "caption_index.faiss"
VECTORS_NAME, CAPTION_VECTORS_NAME = "image_vectors.f16", "caption_vectors.f16"
STORE_NAMES = (STORE_NAME, CAPTIONS_NAME, VECTORS_NAME, CAPTION_VECTORS_NAME)


@dataclass(frozen=True)
class WrittenStores:
    """The vectors that were written, and the files' names; None for those that are not needed.

    `pictures` and `captions` return vectors by id; `searched` finds pictures, as the server will.
    """

    pictures: VectorSource
    captions: VectorSource
    searched: VectorStore
    captions_name: str | None
    vectors_name: str | None = None
    probing: ClusterSearchParams | None = None


def write_flat(
    folder: Path, dimension: int, pictures: Iterable[VectorBatch], captions: Iterable[VectorBatch]
) -> WrittenStores:
    """Write the small form.

    Raises:
        OSError: a file cannot be written.
    """
    of_pictures = _write_store(folder / STORE_NAME, dimension, pictures)
    of_captions = _write_store(folder / CAPTIONS_NAME, dimension, captions)
    return WrittenStores(of_pictures, of_captions, of_pictures, CAPTIONS_NAME if of_captions.count else None)


@dataclass(frozen=True)
class Clustering:
    """The clusters of the last generation, if pictures may be added to them, and what `choose_probing` takes."""

    last: LastClusters | None = None
    text_cosine: float = TEXT_COSINE


def write_clustered(
    folder: Path,
    dimension: int,
    pictures: Iterable[VectorBatch],
    captions: Iterable[VectorBatch],
    clustering: Clustering,
    console: Console,
) -> WrittenStores:
    """Write the large form, of at least one picture, whose ids ascend. Progress goes to the console.

    Pictures are added to the last clusters, and all are clustered anew where there are none, or a search would miss too much
    of what was added.

    Raises:
        OSError: a file cannot be written.
        KeyboardInterrupt: Ctrl-C.
    """
    of_pictures = write_vectors(folder / VECTORS_NAME, dimension, pictures)
    of_captions = write_vectors(folder / CAPTION_VECTORS_NAME, dimension, captions)
    if not of_captions.count:
        (folder / CAPTION_VECTORS_NAME).unlink()
    index, probing = _write_index(folder / STORE_NAME, of_pictures, of_captions, clustering, console)
    return WrittenStores(
        of_pictures,
        of_captions,
        ClusteredStore(index, of_pictures, nprobe=probing.nprobe, rescored=probing.rescored),
        CAPTION_VECTORS_NAME if of_captions.count else None,
        VECTORS_NAME,
        probing,
    )


def _write_index(
    path: Path, pictures: VectorFile, captions: VectorFile, clustering: Clustering, console: Console
) -> tuple[MappedIvf, ClusterSearchParams]:
    """Return the written index, opened, and how it is searched."""
    last, text_cosine = clustering.last, clustering.text_cosine
    if last and extend_ivf(path, pictures, last, console):
        index = MappedIvf.open(path, pictures.dimension, pictures.count, threads=usable_cores())
        if probing := still_found(index, pictures, captions, last.probing, text_cosine):
            return index, probing
    write_ivf(path, pictures, console)
    index = MappedIvf.open(path, pictures.dimension, pictures.count, threads=usable_cores())
    return index, choose_probing(index, pictures, captions, console, text_cosine)


def _write_store(path: Path, dimension: int, batches: Iterable[VectorBatch]) -> FlatStore:
    """Return the store of some vectors, written to a file unless it is empty."""
    store = FlatStore(dimension)
    for ids, vectors in batches:
        store.add(ids, vectors)
    if store.count:
        store.save(path)
    return store
