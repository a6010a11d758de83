"""The clients of the load test, as a locustfile: each sends a search, waits for the answer, and sends the next.

Loaded by `locust -f` alone, which patches the whole process for gevent. `driver.py` starts it, sets its environment
variables, and reads what is written to `LOAD_OUT`: a list of [seconds, milliseconds, status].
"""

import itertools
import json
import os
from pathlib import Path
from typing import Any

import gevent
from locust import FastHttpUser, constant, events, task

from benchmarks.server.load.queries import make_query

EXPLAIN = os.environ["LOAD_EXPLAIN"] == "1"
NUMBERS = itertools.count(int(os.environ["LOAD_FIRST"]))
DISTINCT_QUERIES = int(os.environ["LOAD_DISTINCT_QUERIES"])
TIMEOUT_S = 60.0

answers: list[tuple[float, float, int]] = []


class Client(FastHttpUser):
    """One client that sends without pause, unless the server refuses with `retry-after`."""

    wait_time = constant(0)
    connection_timeout = network_timeout = TIMEOUT_S

    @task
    def search(self) -> None:
        """Send one search; after a 503, wait as long as `retry-after` says."""
        body = {"query": make_query(next(NUMBERS) % DISTINCT_QUERIES), "top_k": 5, "explain": EXPLAIN}
        with self.client.post("/search", json=body, catch_response=True) as answer:
            answer.success()
        if answer.status_code == 503:
            gevent.sleep(float(answer.headers.get("retry-after", 1)))


@events.request.add_listener
def record(start_time: float, response_time: float, response: Any, **_: Any) -> None:  # noqa: ANN401 (locust's own types)
    """Record one response; its status is 0 where none came."""
    answers.append((start_time + response_time / 1000, response_time, response.status_code or 0))


@events.quitting.add_listener
def write(**_: Any) -> None:  # noqa: ANN401 (locust passes every listener more than it uses)
    """Write the recorded responses."""
    Path(os.environ["LOAD_OUT"]).write_text(json.dumps(answers), "utf-8")
