"""Models on their way to the nodes of a cluster: put where the shards are built, fetched from there once a node."""

import hashlib
from pathlib import Path
from tempfile import gettempdir

from export.cluster.shard_files import BUILDING, put_file
from export.cluster.shards import open_folder
from runtime.artefacts.file_record import why_damaged
from runtime.artefacts.manifest import MANIFEST_NAME, ModelsManifest, read_models_manifest
from runtime.artefacts.whole_file import whole_file

MODELS = f"{BUILDING}/models"
PLACES = f"{BUILDING}/places.npz"


def put_models(shards: str, models: Path) -> None:
    """Copy models to where shards are built; with CLIP and BLIP in int8 they are 350 MB.

    Raises:
        ArtefactMissing, ArtefactCorrupt: the models are not there, or have no manifest that can be read.
        OSError: a file cannot be read or written.
    """
    for path in [*(record.path for record in read_models_manifest(models).files()), MANIFEST_NAME]:
        put_file(shards, f"{MODELS}/{path}", (models / path).read_bytes())


def fetch_models(shards: str) -> Path:
    """Return a folder of this node that has the models, copied there if they are not; several processes may do it at once.

    Raises:
        OSError: they cannot be copied.
    """
    manifest = _read(shards, f"{MODELS}/{MANIFEST_NAME}")
    folder = Path(gettempdir()) / f"lookwhy-models-{hashlib.sha256(manifest).hexdigest()[:16]}"
    for record in ModelsManifest.model_validate_json(manifest).files():
        if why_damaged(folder, record):
            _write(folder / record.path, _read(shards, f"{MODELS}/{record.path}"))
    _write(folder / MANIFEST_NAME, manifest)
    return folder


def fetch_places(shards: str) -> Path:
    """Return the file of this node that has the table of towns; raises as `fetch_models`."""
    content = _read(shards, PLACES)
    path = Path(gettempdir()) / f"lookwhy-places-{hashlib.sha256(content).hexdigest()[:16]}.npz"
    if not path.is_file():
        _write(path, content)
    return path


def _read(shards: str, name: str) -> bytes:
    filesystem, folder = open_folder(shards)
    with filesystem.open_input_stream(f"{folder}/{name}") as stream:
        content: bytes = stream.read()
    return content


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(path, shared=True, synced=False) as file:
        file.write(content)
