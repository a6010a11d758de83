"""Two indexes of the same pictures compared: ids, rows, facts, vectors, calibration, and what searches find in them."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console

from export.index.generations.last_generation import Generation
from export.index.generations.salvage import last_generation
from tests.conftest import ROOT

COSINE_MIN = 0.999
QUERIES = ("a red boat at sunset", "a cat under a tree", "a house by night", "two birds", "a green car")


def assert_same_index(one: Path, other: Path) -> None:
    """Compare what two indexes hold, row by row."""
    first, second = (last_generation(folder, Console(stderr=True)) for folder in (one, other))
    assert first.catalog.rows == second.catalog.rows
    facts = [[index.catalog.facts_of(row) for row in index.catalog.rows] for index in (first, second)]
    assert facts[0] == facts[1]
    assert first.catalog.texts == second.catalog.texts
    assert first.manifest is not None
    assert second.manifest is not None
    assert first.manifest.decode == second.manifest.decode
    assert first.manifest.calibration == second.manifest.calibration
    assert _worst_cosine(first, second) > COSINE_MIN


def assert_same_answers(one: Path, other: Path, models: Path) -> None:
    """Compare what searches of two indexes answer, id for id, with the same captions."""
    for query in QUERIES:
        first, second = (_search(query, index, models) for index in (one, other))
        assert [(hit["id"], hit["caption"]) for hit in first] == [(hit["id"], hit["caption"]) for hit in second], query
        assert np.allclose([hit["score"] for hit in first], [hit["score"] for hit in second], atol=1e-3)


def _worst_cosine(first: Generation, second: Generation) -> float:
    ids = [row.id for row in first.catalog.rows]
    captioned = [row.id for row in first.catalog.rows if row.caption]
    pictures = np.sum(first.vectors_of(ids) * second.vectors_of(ids), axis=1)
    captions = np.sum(first.caption_vectors_of(captioned) * second.caption_vectors_of(captioned), axis=1)
    return float(min(pictures.min(), captions.min()))


def _search(query: str, index: Path, models: Path) -> list[dict[str, Any]]:
    command = [sys.executable, "-m", "runtime", "search", query, "--json", "--index", str(index), "--models", str(models)]
    own = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    answered = subprocess.run(command, env=own, capture_output=True, text=True, check=True, timeout=300)
    hits: list[dict[str, Any]] = json.loads(answered.stdout)["results"]
    return hits
