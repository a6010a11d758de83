"""The library of four plain pictures that the HTTP tests ask, as shards, and over the rows that an engine holds of it.

A module that runs these tests over an engine has a fixture `folder`, of `ManifestFolder`, and imports all else from here.
"""

from pathlib import Path

import numpy as np
import pytest

from runtime.library.catalog import Library
from runtime.library.photos.photo_facts import NO_FACTS
from runtime.library.remote.library import RemoteLibrary
from runtime.stores.manifest_folder import ManifestFolder
from runtime.stores.protocols import LibraryStore
from tests.cluster.contract_shards import row_of, write_shards
from tests.cluster.played import MODELS
from tests.runtime import conftest as of_files
from tests.runtime.conftest import app, captioner, client, encoder, engine, explainer

__all__ = ["app", "captioner", "client", "encoder", "engine", "explainer", "library", "store"]  # fixtures
COLOURS = len(of_files.COLOURS)  # and as many dimensions


def colour_shards(folder: Path) -> Path:
    """Write the four pictures and their shards below a folder; return where the shards are."""
    four = of_files.library.__wrapped__(folder)  # type: ignore[attr-defined]  # of the fixture, the function
    vectors = np.eye(COLOURS, dtype=np.float32)
    rows = [row_of(row, NO_FACTS, vectors[at], None, None) for at, row in enumerate(four.rows([1, 2, 3, 4]))]
    return write_shards(folder / "shards", rows, COLOURS, MODELS)


@pytest.fixture
def store(folder: ManifestFolder) -> LibraryStore:
    return folder.open_store()


@pytest.fixture
def library(folder: ManifestFolder, store: LibraryStore, tmp_path: Path) -> Library:
    """The rows in the engine, over pictures of the test's own."""
    of_files.library.__wrapped__(tmp_path)  # type: ignore[attr-defined]  # of the fixture, the function
    index = folder.read_index()
    return RemoteLibrary.open_over(store.rows, folder.path, index, images=tmp_path / "images")
