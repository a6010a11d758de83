"""The clients of the load test, as a locustfile: each asks, waits for the answer, and asks the next question.

Loaded by `locust -f` alone, which patches the whole process for gevent. `driver.py` starts it, says through the environment
what to ask, and reads what is written to `LOAD_OUT`: a list of [seconds, milliseconds, status].
"""

import itertools
import json
import os
from pathlib import Path
from typing import Any

import gevent
from locust import FastHttpUser, constant, events, task

from benchmarks.load.queries import question

EXPLAIN = os.environ["LOAD_EXPLAIN"] == "1"
NUMBERS = itertools.count(int(os.environ["LOAD_FIRST"]))
DIFFERENT = int(os.environ["LOAD_DIFFERENT"])
TIMEOUT_S = 60.0

answers: list[tuple[float, float, int]] = []


class Client(FastHttpUser):
    """One client that never pauses, unless it is told to come back later."""

    wait_time = constant(0)
    connection_timeout = network_timeout = TIMEOUT_S

    @task
    def search(self) -> None:
        """Ask one question; a refusal is honoured by waiting."""
        asked = {"query": question(next(NUMBERS) % DIFFERENT), "top_k": 5, "explain": EXPLAIN}
        with self.client.post("/search", json=asked, catch_response=True) as answer:
            answer.success()
        if answer.status_code == 503:
            gevent.sleep(float(answer.headers.get("retry-after", 1)))


@events.request.add_listener
def keep(start_time: float, response_time: float, response: Any, **_: Any) -> None:  # noqa: ANN401 (locust's own types)
    """Keep one answer; 0 is the status of none at all."""
    answers.append((start_time + response_time / 1000, response_time, response.status_code or 0))


@events.quitting.add_listener
def write(**_: Any) -> None:  # noqa: ANN401 (what locust tells every listener)
    """Write what came back."""
    Path(os.environ["LOAD_OUT"]).write_text(json.dumps(answers), "utf-8")
