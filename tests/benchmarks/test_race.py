"""The race against the seed project: its comparisons, its aims, and one whole run on small model shapes."""

import json
import os
import subprocess
from dataclasses import replace
from importlib.util import find_spec
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from typer import Typer
from typer.testing import CliRunner

from benchmarks.measure.own_process import run_in_own_process
from benchmarks.race.__main__ import main
from benchmarks.race.aims import COMPARISONS, INSTALLED, Aim, Comparison, ratios
from benchmarks.race.implementation import NAMES
from benchmarks.race.schedule import TokenCountsDiffer, check_tokens, gather, plan_runs, start_figures
from benchmarks.race.sizes import closure, installed_mb, pruned_mb, runtime_packages
from benchmarks.race.table import HEAD, to_markdown
from benchmarks.race.workload import WORDS, Workload
from tests.conftest import ROOT
from tests.forked import LIGHT, TORCH, run_forked

CONVERTS = bool(find_spec("torch") and find_spec("optimum"))
WORKLOAD = Workload(
    clip=Path("clip"),
    blip=Path("blip"),
    models=Path("models"),
    plain=Path("plain"),
    pictures=Path("pictures"),
    few_pictures=Path("few"),
    one_picture=Path("one"),
    seed_index=Path("seed"),
    lookwhy_index=Path("lookwhy"),
)


def test_a_workload_comes_through_a_command_line_as_it_was() -> None:
    workload = replace(WORKLOAD, threads=2, tokens=7, queries=3)
    assert Workload.from_json(workload.to_json()) == workload


def test_no_query_is_asked_twice_and_all_have_the_same_number_of_words() -> None:
    queries = list(islice(WORKLOAD.make_queries(), 3000))
    assert len(set(queries)) == len(queries)
    assert {len(query.split()) for query in queries} == {8}


def test_every_round_has_every_run_and_the_order_of_implementations_alternates() -> None:
    runs = list(plan_runs(2))
    assert runs[: len(runs) // 2] != runs[len(runs) // 2 :]
    assert sorted(runs[: len(runs) // 2]) == sorted(runs[len(runs) // 2 :])
    assert [name for name, task in runs if task == "search"] == [*NAMES, *reversed(NAMES)]
    assert ("plain", "captioned-index") not in runs


def test_a_start_is_told_as_a_whole_and_by_its_parts() -> None:
    figures = start_figures(10.0, {"imported": 12.0, "opened": 12.5, "answered": 12.75})
    assert figures == {"start_ms": 2750.0, "import_ms": 2000.0, "open_ms": 500.0, "first_ms": 250.0}


def test_a_caption_of_another_length_is_refused() -> None:
    check_tokens("lookwhy", {"captions_ms": [[1, 2], [3, 4]]}, 2)
    with pytest.raises(TokenCountsDiffer, match=r"lookwhy made captions of \[1, 2\] tokens where 2 were asked for"):
        check_tokens("lookwhy", {"captions_ms": [[1, 2], [3]]}, 2)


def test_figures_are_gathered_by_implementation_and_task_in_the_order_of_the_rounds() -> None:
    reports = [{"figures": {"search_ms": value}} for value in (3.0, 1.0, 2.0)]
    series = gather([("seed", "search", reports[0]), ("lookwhy", "search", reports[1]), ("seed", "search", reports[2])])
    assert series == {"seed search search_ms": [3.0, 2.0], "lookwhy search search_ms": [1.0]}


def test_a_ratio_is_taken_within_each_round() -> None:
    comparison = Comparison("search", "seed s", "lookwhy s", "ms")
    assert ratios(comparison, {"seed s": [30.0, 80.0], "lookwhy s": [10.0, 20.0]}) == [3.0, 4.0]
    assert ratios(comparison, {"seed s": [30.0]}) == []


@pytest.mark.parametrize(
    ("aim", "ratio", "figure", "met"),
    [
        (Aim(">=", 6), 6.0, 0, True),
        (Aim(">=", 6), 5.9, 0, False),
        (Aim("<=", 1.3), 1.3, 0, True),
        (Aim("<=", 1.3), 1.4, 0, False),
        (Aim("<=", 255, of="figure"), 1000, 255, True),
        (Aim("<=", 255, of="figure"), 1, 256, False),
    ],
)
def test_an_aim_is_met_at_its_bound_and_not_beyond(aim: Aim, ratio: float, figure: float, met: bool) -> None:
    assert aim.is_met(ratio, figure) is met


def figures_where_lookwhy_is_better() -> dict[str, list[float]]:
    """Every figure of the race in two rounds: Lookwhy's twice as good as the others'."""
    named = [(name, each.unit) for each in COMPARISONS for name in (each.over, each.under, each.plain) if name]
    worse, better = [8.0, 8.0], [4.0, 4.0]
    series = {name: worse if name.startswith("lookwhy") == (unit == "/s") else better for name, unit in named}
    parts = (f"{name} search {part}_ms" for name in NAMES for part in ("import", "open", "first"))
    return series | dict.fromkeys(parts, better)


def test_every_ratio_with_the_seed_says_how_much_better_lookwhy_is() -> None:
    series = figures_where_lookwhy_is_better()
    assert {ratio for each in COMPARISONS if each.compares_seed for ratio in ratios(each, series)} == {2.0}
    assert {ratio for each in COMPARISONS if not each.compares_seed for ratio in ratios(each, series)} == {1.0}


def test_the_table_says_what_was_measured_and_whether_it_is_enough() -> None:
    series = figures_where_lookwhy_is_better() | {
        "seed search start_ms": [30.0, 60.0],
        "lookwhy search start_ms": [4.0, 6.0],
    }
    sizes = {"seed installed mb": [1000.0], "lookwhy installed mb": [272.0], "lookwhy pruned mb": [192.0]}
    lines = to_markdown({1: series}, sizes, ["a note"]).splitlines()
    for line in (
        "| start to first answer; seed: CLIP alone | 45.0 ms | 8.00 ms | 5.00 ms | 8.75 x (7.50-10.0) | ≥ 6 x | yes |",
        "| installed packages, as pip unpacks them | 1,000 MB |  | 272 MB | 3.68 x | ≤ 255 | **no** |",
        "| index build, vectors alone | 4.00/s | 4.00/s | 8.00/s | 2.00 x | ≥ 3 x | **no** |",
    ):
        assert line in lines
    begin = lines.index(HEAD[0])
    table = lines[begin : lines.index("", begin)]
    assert len(table) == len(COMPARISONS) + 2
    assert {line.count("|") for line in table} == {HEAD[0].count("|")}
    assert lines[-1] == "- a note"


def test_what_was_not_measured_has_no_line() -> None:
    series = figures_where_lookwhy_is_better()
    del series["lookwhy captions greedy_ms"]
    sizes = {"seed installed mb": [1.0], "lookwhy installed mb": [1.0], "lookwhy pruned mb": [1.0]}
    assert "greedy" not in to_markdown({1: series}, sizes, [])
    assert "greedy" in to_markdown({1: figures_where_lookwhy_is_better()}, sizes, [])


def test_the_runtimes_size_counts_what_its_packages_require_and_shrinks_when_pruned() -> None:
    packages = runtime_packages(ROOT / "requirements.txt")
    assert {"onnxruntime", "numpy", "starlette", "huggingface-hub"} <= closure(packages)
    assert "torch" not in closure(packages)
    assert installed_mb(["numpy"]) < installed_mb(packages)
    assert 0 < pruned_mb(packages) < installed_mb(packages)


@pytest.mark.torch
@pytest.mark.skipif(not CONVERTS, reason="needs the conversion side")
def test_the_queries_words_are_those_of_the_stand_ins_vocabulary() -> None:
    from benchmarks.models.checkpoints import tokenizers

    assert WORDS == tokenizers.WORDS


@pytest.mark.torch
@pytest.mark.skipif(not CONVERTS, reason="needs the conversion side")
def test_the_race_is_run_on_small_shapes_and_all_implementations_do_the_same_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Lookwhy's runs are fresh processes, as all are in a race that counts; the others' are forked, which is cheaper."""
    really_run, fresh = subprocess.run, []

    def run(command: list[str], *, cwd: Path, env: dict[str, str] | None = None, **how: Any) -> Any:
        module, *arguments = command[command.index("-m") + 1 :]
        if arguments[0] != "lookwhy":
            preloaded = TORCH if arguments[0] == "seed" else LIGHT
            return run_forked(module, *arguments, environment=env, folder=cwd, preloaded=preloaded)
        fresh.append(arguments[1])
        return really_run(command, cwd=cwd, env=env, **how)

    monkeypatch.setattr("benchmarks.race.schedule.subprocess.run", run)
    monkeypatch.setattr("benchmarks.race.fixtures.run_in_own_process", lambda step, *given: step(*given))
    monkeypatch.setattr("export.models.plots.draw_plots", lambda *_: None)
    picture, program = tmp_path / "race.png", Typer()
    program.command()(main)
    done = CliRunner().invoke(program, ["--small", "--quick", "--out", str(tmp_path), "--plot", str(picture)])
    assert done.exit_code == 0, done.output
    assert fresh == ["search", "captions", "index", "captioned-index"]
    record = json.loads((tmp_path / "small" / "race.json").read_text("utf-8"))
    assert all(ratios(comparison, record["by_threads"]["1"]) for comparison in COMPARISONS)
    assert all(ratios(comparison, record["sizes"]) for comparison in INSTALLED)

    token_ids = record["token_ids"]
    assert token_ids["plain"]["captions_ms"] == token_ids["seed"]["captions_ms"]
    assert {len(row) for ways in token_ids.values() for rows in ways.values() for row in rows} == {5}
    assert record["found"]["plain"] == record["found"]["seed"]
    assert len(set(record["found"]["lookwhy"]) & set(record["found"]["seed"])) >= 4

    assert (tmp_path / "small" / "race.md").read_text("utf-8").startswith("1 thread:")
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_a_step_runs_in_a_process_of_its_own() -> None:
    assert run_in_own_process(os.getppid) == os.getpid()
