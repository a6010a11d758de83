"""Copies the artefacts of a deployment that only searches: CLIP's text tower, and an index with its captions.

Writes manifests that `runtime/artefacts/manifest.py` reads. Knows nothing of packages or of Lambda's limit.
"""

import json
import shutil
from pathlib import Path
from typing import Any

MANIFEST = "manifest.json"


class FolderUnusable(Exception):
    """A folder lacks a file; the message says which, and what to do."""


def copy_models(models: Path, out: Path) -> None:
    """Copy CLIP's text tower and its tokenizer.

    Leaves the captioner out. The image tower becomes an empty file, whose sha256 stays in the manifest, so that an index of
    these models is still accepted.

    Raises:
        FolderUnusable: `models` has no manifest, or a file that it names is absent.
    """
    manifest = _read_manifest(models, "Export the models: lookwhy models, or name others with MODELS=.")
    clip = manifest["clip"]
    for record in (*_files(clip["text"]), clip["tokenizer"]):
        _copy(models, record["path"], out)
    for record in _files(clip["image"]):
        (out / record["path"]).parent.mkdir(parents=True, exist_ok=True)
        (out / record["path"]).touch()
        record["bytes"] = 0
    _write_manifest(out, manifest | {"blip": None})


def copy_index(index: Path, out: Path) -> None:
    """Copy the current generation of an index; models without a captioner can serve it.

    Raises:
        FolderUnusable: `index` has no manifest, or a file that it names is absent.
    """
    manifest = _read_manifest(index, "Build the index: lookwhy index FOLDER, or name another with INDEX=.")
    for part in ("store", "catalog", "metadata", "captions", "vectors"):
        if manifest.get(part):
            _copy(index, manifest[part]["path"], out)
    _write_manifest(out, manifest)


def _files(graph: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the records of a graph and of its weights, if those are in a file of their own."""
    return [graph, graph["weights"]] if graph.get("weights") else [graph]


def _read_manifest(folder: Path, remedy: str) -> dict[str, Any]:
    path = folder / MANIFEST
    if not path.is_file():
        raise FolderUnusable(f"{path} is not there. {remedy}")
    manifest: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return manifest


def _write_manifest(folder: Path, manifest: dict[str, Any]) -> None:
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=2) + "\n", "utf-8")


def _copy(folder: Path, path: str, out: Path) -> None:
    if not (folder / path).is_file():
        raise FolderUnusable(f"{folder / path} is not there, though {folder / MANIFEST} names it. Build it again.")
    (out / path).parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(folder / path, out / path)
