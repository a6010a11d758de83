"""The short benchmark: its table, its marks of what got slower, and one round of it, as `make bench-quick` runs five."""

import json
from pathlib import Path

import pytest
from typer import Typer
from typer.testing import CliRunner

from benchmarks.quick import __main__ as quick
from benchmarks.quick.figures import FIGURES

BARE = dict.fromkeys(FIGURES, 10.0)


def slowed(name: str, factor: float) -> quick.Overhead:
    return quick.Overhead({**dict.fromkeys(FIGURES, 20.0), name: 20.0 * factor}, BARE)


def run(*options: str) -> tuple[int, str]:
    app = Typer()
    app.command()(quick.main)
    told = CliRunner().invoke(app, list(options))
    return told.exit_code, told.output


def test_the_ratios_are_lookwhys_figures_over_those_of_the_bare_graphs() -> None:
    assert slowed("search_ms", 1.5).ratios == {**dict.fromkeys(FIGURES, 2.0), "search_ms": 3.0}


@pytest.mark.parametrize(("factor", "mark"), [(1.1, "| +10% |"), (0.8, "| -20% |"), (1.2, "| +20% SLOWER |")])
def test_what_has_grown_by_more_than_15_percent_is_marked(factor: float, mark: str) -> None:
    lines = slowed("search_ms", factor).to_markdown(dict.fromkeys(FIGURES, 2.0)).splitlines()
    assert next(line for line in lines if line.startswith("| warm search, ms |")).endswith(mark)
    assert next(line for line in lines if line.startswith("| start")).endswith("| +0% |")


def test_a_figure_that_was_never_recorded_is_compared_with_nothing() -> None:
    assert "| warm search, ms | 10 | 20 | 2.00 |  |  |" in slowed("start_ms", 1.0).to_markdown({})


def test_a_run_records_its_ratios_and_a_strict_one_fails_where_they_have_grown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quick, "RECORDED", tmp_path / "recorded.json")
    monkeypatch.setattr(quick, "compare", lambda *_: slowed("index_ms", 1.0))
    assert run("--record")[0] == 0
    assert json.loads((tmp_path / "recorded.json").read_text("utf-8"))["ratios"] == dict.fromkeys(FIGURES, 2.0)
    assert run("--strict")[0] == 0
    monkeypatch.setattr(quick, "compare", lambda *_: slowed("index_ms", 1.3))
    code, told = run("--strict")
    assert code == 1
    assert "| 2.0 | +30% SLOWER |" in told


def test_one_round_measures_both_sides(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quick, "RECORDED", tmp_path / "recorded.json")
    code, told = run("--rounds", "1", "--record")
    assert code == 0, told
    ratios = json.loads((tmp_path / "recorded.json").read_text("utf-8"))["ratios"]
    assert set(ratios) == set(FIGURES)
    assert all(ratio > 1 for ratio in ratios.values())
