"""Runs a step of a benchmark in a fresh process, so that its memory and imports are measured by themselves."""

from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any, TypeVar

T = TypeVar("T")


def run_in_own_process(step: Callable[..., T], *arguments: Any) -> T:  # noqa: ANN401 (whatever the step takes)
    """Return what a step returns in a fresh process, which imports it: no step may be defined in a `__main__.py`."""
    with ProcessPoolExecutor(1, get_context("spawn")) as process:
        return process.submit(step, *arguments).result()
