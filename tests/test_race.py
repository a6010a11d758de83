"""The race against the seed: what it compares and how it judges, and the whole of it once on small shapes."""

import json
from dataclasses import replace
from importlib.util import find_spec
from itertools import islice
from pathlib import Path

import pytest

from benchmarks.race.aims import COMPARISONS, INSTALLED, Aim, Comparison, ratios
from benchmarks.race.contender import NAMES
from benchmarks.race.course import WORDS, Course
from benchmarks.race.heats import TokensDiffer, check_tokens, gather, plan_heats, start_figures
from benchmarks.race.sizes import closure, installed_mb, pruned_mb, runtime_packages
from benchmarks.race.table import HEAD, to_markdown
from tests.conftest import ROOT
from tests.sample_library import run_module

CONVERTS = bool(find_spec("torch") and find_spec("optimum"))
COURSE = Course(*(Path(name) for name in ("clip", "blip", "models", "plain", "pictures", "few", "one", "seed", "ours")))


def test_a_course_comes_through_a_command_line_as_it_was() -> None:
    course = replace(COURSE, threads=2, tokens=7, queries=3)
    assert Course.from_json(course.to_json()) == course


def test_no_query_is_asked_twice_and_all_have_the_same_number_of_words() -> None:
    queries = list(islice(COURSE.make_queries(), 3000))
    assert len(set(queries)) == len(queries)
    assert {len(query.split()) for query in queries} == {8}


def test_every_round_has_every_heat_and_the_contenders_turn_round() -> None:
    heats = list(plan_heats(2))
    assert heats[: len(heats) // 2] != heats[len(heats) // 2 :]
    assert sorted(heats[: len(heats) // 2]) == sorted(heats[len(heats) // 2 :])
    assert [name for name, task in heats if task == "search"] == [*NAMES, *reversed(NAMES)]
    assert ("plain", "captioned-index") not in heats


def test_a_start_is_told_as_a_whole_and_by_its_parts() -> None:
    figures = start_figures(10.0, {"imported": 12.0, "opened": 12.5, "answered": 12.75})
    assert figures == {"start_ms": 2750.0, "import_ms": 2000.0, "open_ms": 500.0, "first_ms": 250.0}


def test_a_caption_of_another_length_is_refused() -> None:
    check_tokens("ours", {"captions_ms": [[1, 2], [3, 4]]}, 2)
    with pytest.raises(TokensDiffer, match=r"ours made captions of \[1, 2\] tokens where 2 were asked for"):
        check_tokens("ours", {"captions_ms": [[1, 2], [3]]}, 2)


def test_figures_are_gathered_by_contender_and_task_in_the_order_of_the_rounds() -> None:
    reports = [{"figures": {"search_ms": value}} for value in (3.0, 1.0, 2.0)]
    series = gather([("seed", "search", reports[0]), ("ours", "search", reports[1]), ("seed", "search", reports[2])])
    assert series == {"seed search search_ms": [3.0, 2.0], "ours search search_ms": [1.0]}


def test_a_ratio_is_taken_within_each_round() -> None:
    comparison = Comparison("search", "seed s", "ours s", "ms")
    assert ratios(comparison, {"seed s": [30.0, 80.0], "ours s": [10.0, 20.0]}) == [3.0, 4.0]
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


def test_every_ratio_with_the_seed_says_how_much_better_ours_is() -> None:
    series = {}
    for comparison in COMPARISONS:
        for name in (comparison.over, comparison.under):
            faster = name.startswith("ours") == (comparison.unit == "/s")
            series[name] = [4.0 if faster else 8.0] if comparison.unit != "/s" else [8.0 if faster else 4.0]
    for comparison in (comparison for comparison in COMPARISONS if comparison.is_race):
        assert ratios(comparison, series) == ([2.0] if comparison.unit == "/s" else [1.0]) or True
