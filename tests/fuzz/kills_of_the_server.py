"""The server killed under load: python -m tests.fuzz.kills_of_the_server [--kills 50] [--seed 1]

Over an index where half of the pictures have no caption, so that the server makes captions while it is asked, and keeps
them. It is killed (SIGKILL) at a random moment, and started again: it must be ready, answer the same, and have every
caption that it ever told a client. Exits with 1 where it does not.
"""

import argparse
import json
import random
import sys
import tempfile
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from runtime.artefacts.manifest import read_models_manifest
from runtime.library.caption_file import CaptionFile
from runtime.library.catalog import Library
from tests.conftest import ROOT
from tests.fuzz.generations import QUERIES, Switchboard, manifest_of, write_generations
from tests.fuzz.server import Clients, Server, served

CLIENTS = 8
LONGEST_S = 1.5  # under load before a kill


def run(index: Path, models: Path, *, kills: int, seed: int) -> dict[str, Any]:
    """Return the figures of one run over the index in `index`, made with `models`."""
    rng = random.Random(seed)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        write_generations(index, folder / "written", 1, captioned=0.5)
        manifest = manifest_of(folder / "written", 1)
        Switchboard(folder / "written", folder / "index")
        environment = {"MODELS_DIR": str(models), "INDEX_DIR": str(folder / "index")}
        told: dict[int, str] = {}  # live captions that clients were told, by id
        seen: dict[str, Any] = {}  # what each query found
        other = failed_before = lost = 0
        for _ in range(kills):
            with served(environment, folder / "log") as server:
                other += sum(_differs(server, query, seen, told) for query in rng.sample(QUERIES, 3))
                queries = rng.sample(QUERIES, len(QUERIES))
                asking = Clients(server, CLIENTS, partial(_body_of, queries))
                time.sleep(rng.uniform(0.05, LONGEST_S))
                server.process.kill()
                killed_s = time.monotonic()
                asked = asking.end()
            failed_before += sum(one.status != 200 and one.end_s < killed_s for one in asked)
            other += sum(_has_other_captions(one.answer, told) for one in asked if one.status == 200)
            kept = CaptionFile(folder / "index", read_models_manifest(models).fingerprint()).read_all()
            library = Library.open(folder / "index", manifest)
            lost += sum(kept.get(row.sha256) != told[row.id] for row in library.rows(list(told)))
            library.close()
        log = (folder / "log").read_text("utf-8")
    return {
        "kills": kills,
        "answers_that_differ": other,
        "failed_before_the_kill": failed_before,
        "captions_told": len(told),
        "captions_lost": lost,
        "tracebacks": log.count("Traceback"),
        "captions_not_kept": log.count("live captions are not kept"),
    }


def _body_of(queries: Sequence[str], number: int) -> dict[str, Any]:
    return _body(queries[number % len(queries)])


def _body(query: str) -> dict[str, Any]:
    return {"query": query, "top_k": 5, "explain": False}


def _differs(server: Server, query: str, seen: dict[str, Any], told: dict[int, str]) -> bool:
    """Return whether a query finds anything else than before. It is asked alone: in a batch, scores differ a little."""
    status, answer = server.ask("POST", "/search", _body(query))
    found = [(hit["id"], hit["caption"]) for hit in answer["results"]] if status == 200 else status
    return seen.setdefault(query, found) != found or _has_other_captions(answer, told)


def _has_other_captions(answer: Any, told: dict[int, str]) -> bool:
    """Return whether a live caption is another one than was told before, and keep those that are new."""
    live = {hit["id"]: hit["caption"] for hit in answer["results"] if hit["caption_source"] == "live"}
    differs = any(told.get(at, caption) != caption for at, caption in live.items())
    told.update(live)
    return differs


def main() -> int:
    """Run, print the figures, and return the exit code."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--index", type=Path, default=ROOT / "artifacts/sample/index")
    options.add_argument("--models", type=Path, default=ROOT / "sample/models")
    options.add_argument("--kills", type=int, default=50)
    options.add_argument("--seed", type=int, default=1)
    given = options.parse_args()
    figures = run(given.index, given.models, kills=given.kills, seed=given.seed)
    print(json.dumps(figures, indent=1))
    wrong = [name for name, count in figures.items() if count and name not in {"kills", "captions_told"}]
    print(f"not as it must be: {', '.join(wrong)}" if wrong else "all as it must be")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
