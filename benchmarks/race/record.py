"""The result of one race: all figures, the machine, and the notes that belong to them. Written as JSON."""

import json
import os
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from pathlib import Path

from benchmarks.measure.machine import cpu_name
from benchmarks.race.implementation import NAMES, Name, TokenIds
from benchmarks.race.run import Report, Task
from benchmarks.race.schedule import ROOT, Series, gather, pinned
from benchmarks.race.sizes import SEED_PACKAGES, installed_mb, pruned_mb, runtime_packages
from benchmarks.race.table import to_markdown
from benchmarks.race.workload import BEAMS

PACKAGES = ("torch", "transformers", "onnxruntime", "faiss-cpu", "numpy")


@dataclass
class Record:
    """The figures by the number of threads, the installed sizes, and what each implementation found and captioned last."""

    tokens: int
    rounds: int
    pictures: int
    by_threads: dict[int, Series] = field(default_factory=dict)
    found: dict[Name, list[str]] = field(default_factory=dict)
    token_ids: dict[Name, dict[str, TokenIds]] = field(default_factory=dict)
    sizes: Series = field(default_factory=dict)
    machine: str = ""

    def add(self, threads: int, reports: Sequence[tuple[Name, Task, Report]]) -> None:
        """Add the reports of all runs with this number of threads."""
        self.by_threads[threads] = gather(reports)
        for name, task, report in reports:
            if task == "search":
                self.found[name] = report["found"]
            elif task == "captions":
                self.token_ids[name] = report["token_ids"]

    def complete(self) -> None:
        """Add what no run measures: the installed sizes and the machine."""
        packages = runtime_packages(ROOT / "requirements.txt")
        seed, lookwhy, pruned = installed_mb(SEED_PACKAGES), installed_mb(packages), pruned_mb(packages)
        self.sizes = {"seed installed mb": [seed], "lookwhy installed mb": [lookwhy], "lookwhy pruned mb": [pruned]}
        self.machine = f"{cpu_name()}, {os.cpu_count()} CPUs, {platform.system()}, Python {platform.python_version()}"

    def write(self, path: Path) -> None:
        """Write everything as JSON."""
        packages = {name: version(name) for name in PACKAGES}
        path.write_text(json.dumps(asdict(self) | {"packages": packages}, indent=2) + "\n", "utf-8")

    def to_markdown(self) -> str:
        """Return the tables and their notes."""
        return to_markdown(self.by_threads, self.sizes, self._notes())

    def _notes(self) -> list[str]:
        packages = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
        threads = ("pinned" if pinned(count) else "not pinned" for count in self.by_threads)
        same = {name: len({*found} & {*self.found["seed"]}) for name, found in self.found.items()}
        return [
            f"{self.machine}; {packages}; threads {', '.join(dict.fromkeys(threads))}.",
            f"Medians of {self.rounds} fresh processes each, alternating; in brackets the range of the rounds' ratios.",
            f"Captions: {self.tokens} tokens and beam {BEAMS} everywhere, but where a line says greedy.",
            "The seed captions five pictures inside every request, one after another; Lookwhy's captions lie in its index. "
            "Neither a server's HTTP nor a language model is in any figure.",
            "Text tower runs: on the same tokens in the same session, interleaved; with explanations the query alone, and "
            "one batch of it without each of its words.",
            f"Library of {self.pictures} pictures. Of the seed's first five for one query, found by "
            + ", ".join(f"{name}: {same[name]}" for name in NAMES)
            + " (random weights hardly tell pictures apart).",
            "Installed: the files that pip recorded, without .pyc, for requirements.txt and for what the seed's server "
            "imports (torch without CUDA), with all that these require. Pruned: what `deploy/prune.py` leaves of them.",
        ]
