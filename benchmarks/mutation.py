"""How many faults put into the code the tests notice: python -m benchmarks.mutation [GROUP ...] [--sample N] [--seed N]

Needs cosmic-ray (benchmarks/requirements-mutation.txt), whose operators make the mutants: other numbers, comparisons,
operators, conditions. Each mutant runs the tests of its group in a child process, which loads its source in place of the
file's; nothing is written. A mutant is noticed if a test fails, or does not end in time. Prints those that no test notices.
"""

import importlib.machinery
import os
import random
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import CodeType
from typing import Annotated, NamedTuple

import cosmic_ray.plugins
import pytest
import typer
from cosmic_ray.ast import ast_nodes, get_ast_from_path
from cosmic_ray.mutating import mutate_code
from rich.console import Console

# By group: the files or folders that are mutated, and the tests that should notice. A mutant runs as this user: what removes
# files, such as `deploy/prune.py`, must not be here, as its mutants may remove any.
GROUPS = {
    "search": (
        ("runtime/search", "runtime/engine.py"),
        ("tests/runtime/search", "tests/runtime/artefacts/test_match_calibration.py", "tests/runtime/test_engine.py"),
    ),
    "explain": (("runtime/explain",), ("tests/runtime/explain",)),
    "decoding": (
        ("runtime/models/decoding.py", "runtime/models/beam_search.py"),
        ("tests/runtime/models/test_decoding.py",),
    ),
    "admission": (
        ("runtime/web/admission.py",),
        ("tests/runtime/web/test_admission.py", "tests/runtime/web/test_admission_queue.py"),
    ),
    "captions": (("runtime/library/captions.py",), ("tests/runtime/library", "tests/runtime/test_engine.py")),
    "precision": (
        ("export/precision/plan.py", "export/precision/layer_errors.py", "export/precision/budget.py"),
        ("tests/export/precision/test_plan.py", "tests/export/precision/test_budget.py"),
    ),
}
# `X | None` is a type here, no sum of bits; of the arithmetic operators, one other for each says enough.
LEFT_OUT = ("BitOr", "BitAnd", "BitXor", "LShift", "RShift", "RemoveDecorator", "VariableReplacer", "VariableInserter")
ARITHMETIC = {"Add_Sub", "Sub_Add", "Mul_Div", "Div_Mul", "Mul_Add", "FloorDiv_Div", "Mod_Mul", "Pow_Mul", "MatMult_Mul"}
LEAST_LIMIT_S, LIMIT_FACTOR = 15, 3  # for one mutant's tests: so many seconds, and so many times what they take unchanged
console = Console(highlight=False, soft_wrap=True, markup=False)


class Mutant(NamedTuple):
    """One file with one change in its source."""

    file: Path
    line: int
    operator: str
    source: str


def main(
    groups: Annotated[list[str] | None, typer.Argument(help=f"Of {', '.join(GROUPS)}; all if none is named.")] = None,
    sample: Annotated[int, typer.Option(min=1, help="The mutants of each group, drawn by chance.")] = 40,
    seed: Annotated[int, typer.Option(help="Of the draw.")] = 7,
) -> None:
    """Print for each group the mutants that no test noticed, and how many were noticed."""
    sys.path.insert(0, str(Path.cwd()))
    for name in groups or GROUPS:
        sources, tests = GROUPS[name]
        mutants = [mutant for file in _files(sources, "*.py") for mutant in mutants_of(file)]
        drawn = random.Random(seed).sample(mutants, min(sample, len(mutants)))
        start = time.monotonic()
        if not _pass(_files(tests, "test_*.py"), None, limit_s=600):
            raise SystemExit(f"The tests of {name} fail without any mutation.")
        limit_s = LEAST_LIMIT_S + LIMIT_FACTOR * (time.monotonic() - start)
        missed = [mutant for mutant in drawn if _pass(_nearest_first(tests, mutant), mutant, limit_s)]
        for mutant in missed:
            console.print(f"  {mutant.file}:{mutant.line}: {mutant.operator}")
        console.print(f"{name}: {len(drawn) - len(missed)} of {len(drawn)} noticed ({len(mutants)} possible)")


def mutants_of(file: Path) -> Iterator[Mutant]:
    """Yield the distinct mutants of a file."""
    source, tree, seen = file.read_text("utf-8"), get_ast_from_path(file), set[str]()
    for operator in filter(_is_wanted, cosmic_ray.plugins.operator_names()):
        mutation = cosmic_ray.plugins.get_operator(operator)()
        positions = [start for node in ast_nodes(tree) for start, _ in mutation.mutation_positions(node)]
        for occurrence, (line, _) in enumerate(positions):
            try:
                mutated = mutate_code(source, mutation, occurrence)
            except AttributeError:  # its replacer of exceptions knows no dotted name, as in `except socket.gaierror`
                continue
            if mutated and mutated != source and mutated not in seen:
                seen.add(mutated)
                yield Mutant(file, line, operator.removeprefix("core/"), mutated)


def _is_wanted(operator: str) -> bool:
    if "BinaryOperator" in operator:
        return operator.partition("_")[2] in ARITHMETIC
    return not any(part in operator for part in LEFT_OUT)


def _files(paths: Sequence[str], pattern: str) -> list[Path]:
    return [file for path in map(Path, paths) for file in (sorted(path.rglob(pattern)) if path.is_dir() else [path])]


def _nearest_first(tests: Sequence[str], mutant: Mutant) -> list[Path]:
    """Return the test files, those of the mutant's own file first: they notice most."""
    return sorted(_files(tests, "test_*.py"), key=lambda file: mutant.file.stem not in file.stem)


def _pass(tests: Sequence[Path], mutant: Mutant | None, limit_s: float) -> bool:
    """Return whether the tests pass, in a child process and in time."""
    child = os.fork()
    if child == 0:
        _run_and_exit(tests, mutant)
    give_up_at = time.monotonic() + limit_s
    while time.monotonic() < give_up_at:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status) == 0
        time.sleep(0.02)  # waitpid has no time limit of its own
    os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return False


def _run_and_exit(tests: Sequence[Path], mutant: Mutant | None) -> None:
    code: int = pytest.ExitCode.INTERNAL_ERROR
    try:
        os.setsid()  # so that what the tests start can be ended with them
        for stream in (0, 1, 2):
            os.dup2(os.open(os.devnull, os.O_RDWR), stream)
        if mutant:
            _load_instead(mutant)
        code = pytest.main(["-x", "-q", "-p", "no:cacheprovider", "--assert=plain", *map(str, tests)])
    finally:
        os._exit(code)


def _load_instead(mutant: Mutant) -> None:
    """Let imports of the mutant's file load the mutated source."""
    loader, file = importlib.machinery.SourceFileLoader, mutant.file.resolve()
    unchanged = loader.get_code

    def get_code(self: importlib.machinery.SourceFileLoader, fullname: str) -> CodeType | None:
        if Path(self.get_filename(fullname)).resolve() != file:
            return unchanged(self, fullname)
        return self.source_to_code(mutant.source, str(file))

    loader.get_code = get_code  # type: ignore[assignment, method-assign]  # the point: one file's source is replaced


if __name__ == "__main__":
    typer.run(main)
