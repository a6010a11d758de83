"""The figures of one round of load, computed from its responses, and the rounds as a Markdown table. Measures nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np

Response = tuple[float, float, int]  # when it came, in seconds; how long it took, in milliseconds; its status, 0 for none
HEAD = (
    "| clients | explain | answers/s | p50, ms | p95, ms | p99, ms | 503 | p99 of a 503, ms | errors | CPU, ms | RSS, MB |\n"
    "|---|---|---|---|---|---|---|---|---|---|---|"
)


@dataclass(frozen=True)
class RoundFigures:
    """The settings and figures of one round.

    Times are of answered searches, in ms. `cpu_ms` is CPU time of the server for each of them, `rss_mb` its resident memory
    after the round.
    """

    clients: int
    explain: bool
    note: str
    answers_a_second: float
    p50_ms: float
    p95_ms: float
    p99_ms: float
    refused: int
    refusal_p99_ms: float
    errors: int
    cpu_ms: float
    rss_mb: float


def summarize(answers: Sequence[Response], *, warm_s: float) -> dict[str, float]:
    """Return the figures of a round by their names in `RoundFigures`; responses in its first `warm_s` does not count."""
    begin = min((at for at, _, _ in answers), default=0.0) + warm_s
    end = max((at for at, _, _ in answers), default=0.0)
    counted = [answer for answer in answers if answer[0] >= begin]
    found = [ms for _, ms, status in counted if status == 200]
    refused = [ms for _, ms, status in counted if status == 503]
    p50, p95, p99 = percentiles(found, (50, 95, 99))
    return {
        "answers_a_second": len(found) / (end - begin) if end > begin else 0.0,
        "p50_ms": p50,
        "p95_ms": p95,
        "p99_ms": p99,
        "refused": len(refused),
        "refusal_p99_ms": percentiles(refused, (99,))[0],
        "errors": len(counted) - len(found) - len(refused),
    }


def percentiles(values: Sequence[float], wanted: Sequence[int]) -> list[float]:
    """Return the wanted percentiles; 0 for each where there is no value."""
    return [float(np.percentile(values, share)) if values else 0.0 for share in wanted]


def p99_limit_ms(alone_p50_ms: float, clients: int, threads: int) -> float:
    """Return what the p99 may reach: three times as long as the clients would take one after another."""
    return 3 * clients * alone_p50_ms / threads


def growth_mb(samples: Sequence[tuple[float, float]]) -> float:
    """Return by how much memory grew from the second quarter of (seconds, MB) samples to the last; the first warms up."""
    quarter = len(samples) // 4
    if not quarter:
        return 0.0
    memory = [mb for _, mb in samples]
    return median(memory[-quarter:]) - median(memory[quarter : 2 * quarter])


def row(found: RoundFigures) -> str:
    """Return a round as a line of the table."""
    cells = (
        f"{found.clients}{f' ({found.note})' if found.note else ''}",
        "yes" if found.explain else "no",
        f"{found.answers_a_second:.1f}",
        f"{found.p50_ms:.1f}",
        f"{found.p95_ms:.1f}",
        f"{found.p99_ms:.1f}",
        str(found.refused),
        f"{found.refusal_p99_ms:.1f}" if found.refused else "",
        str(found.errors),
        f"{found.cpu_ms:.1f}",
        f"{found.rss_mb:.0f}",
    )
    return f"| {' | '.join(cells)} |"
