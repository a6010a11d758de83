"""The load test: its queries, its figures, and one short run against the real server."""

import json
from pathlib import Path

import pytest

from benchmarks import ROOT
from benchmarks.server.load.driver import Driver, RoundSettings
from benchmarks.server.load.figures import HEAD, RoundFigures, growth_mb, p99_limit_ms, percentiles, row, summarize
from benchmarks.server.load.queries import count_queries, make_query
from benchmarks.server.load.server import start_server
from tests.sample_library import SampleLibrary


def test_no_query_is_sent_twice() -> None:
    assert count_queries() > 1_000_000
    queries = [make_query(number) for number in range(20_000)]
    assert len(set(queries)) == len(queries)
    assert make_query(count_queries()) == make_query(0)


def test_a_round_counts_what_came_after_the_warm_up() -> None:
    warm = [(0.0, 9000.0, 200), (0.5, 9000.0, 0)]
    counted = [(1.0 + number / 100, float(number), 200) for number in range(101)]
    refused = [(1.5, 2.0, 503), (1.5, 4.0, 503)]
    figures = summarize([*warm, *counted, *refused, (1.7, 50.0, 500), (1.7, 50.0, 0)], warm_s=1.0)
    assert (figures["p50_ms"], figures["p95_ms"], figures["p99_ms"]) == pytest.approx((50, 95, 99))
    assert figures["answers_a_second"] == pytest.approx(101)
    assert (figures["refused"], figures["errors"]) == (2, 2)
    assert figures["refusal_p99_ms"] == pytest.approx(3.98)


def test_a_round_without_an_answer_has_figures_too() -> None:
    assert summarize([], warm_s=1.0)["answers_a_second"] == 0
    assert percentiles([], (50, 99)) == [0, 0]


def test_the_limit_of_the_p99_grows_with_the_clients_and_shrinks_with_the_threads() -> None:
    assert p99_limit_ms(5.0, clients=64, threads=1) == 960
    assert p99_limit_ms(5.0, clients=64, threads=2) == 480


def test_memory_that_only_warms_up_did_not_grow() -> None:
    warming = [(0.0, 100.0), (1.0, 200.0), *((float(second), 250.0) for second in range(2, 12))]
    assert growth_mb(warming) == 0
    assert growth_mb([(float(second), 100.0 + second) for second in range(100)]) == 50
    assert growth_mb([(0.0, 100.0)]) == 0


def test_a_row_has_a_cell_for_each_column() -> None:
    line = row(RoundFigures(64, True, "soak", 99.5, 1.0, 2.0, 3.0, 7, 0.4, 0, 5.5, 250.4))
    assert line.count("|") == HEAD.splitlines()[0].count("|")
    assert line.startswith("| 64 (soak) | yes | 99.5 |")


def test_the_real_server_stands_a_short_load(sample_library: SampleLibrary, tmp_path: Path) -> None:
    with start_server(sample_library.environment, cores="0", checkout=ROOT, log=tmp_path / "log") as server:
        found = Driver(server, "0", tmp_path).drive(RoundSettings(clients=4, seconds=1.0, explain=True))
    statuses = {status for _, _, status in json.loads((tmp_path / "answers.json").read_text("utf-8"))}
    assert statuses == {200}, (tmp_path / "locust.log").read_text("utf-8")
    assert (found.clients, found.refused, found.errors) == (4, 0, 0)
    assert found.cpu_ms > 0
    assert found.rss_mb > 10
