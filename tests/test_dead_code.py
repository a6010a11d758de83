"""Every public name of the two sides is used by them: what only its own definition, or a test, mentions is dead code."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.conftest import ROOT

SIDES = ("runtime", "export")
FILES = sorted(file for side in SIDES for file in (ROOT / side).rglob("*.py"))
USERS = [*FILES, *ROOT.glob("*.py"), *(ROOT / "benchmarks").rglob("*.py"), *(ROOT / "deploy").rglob("*.py")]
# A definition with any other decorator is registered with someone: a command, a route, a validator.
PLAIN_DECORATORS = {"property", "classmethod", "staticmethod", "cached_property", "contextmanager", "cache", "dataclass"}
# What nothing here uses, and why it stays.
UNUSED_WITH_REASON = {
    "get_filename_for_task": "Ray Data calls it",
    "symbolic": "torch's exporter calls it",
    "send_400_response": "uvicorn calls it for what is no HTTP",
    "file_response": "starlette calls it for a file of the page",
    "readable": "io.BufferedReader calls it, as it does the next two",
    "seekable": "likewise",
    "readinto": "of io.RawIOBase",
    "hold_in": "what a question means for one scene, in plain words: tests hold the fast truth table against it",
}

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def definitions(file: Path) -> Iterator[str]:
    """Yield the public functions, classes, methods and constants that a file defines."""
    tree = ast.parse(file.read_text("utf-8"))
    for node in tree.body:
        yield from (name for name in _constants(node) if not name.startswith("_"))
    for scope in ast.walk(tree):
        if isinstance(scope, ast.Module | ast.ClassDef):
            inner = [one for one in scope.body if isinstance(one, Definition) and _is_plain(one)]
            yield from (one.name for one in inner if not one.name.startswith("_"))


def _constants(node: ast.stmt) -> Iterator[str]:
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
    for target in targets:
        yield from (name.id for name in ast.walk(target) if isinstance(name, ast.Name))


def _is_plain(node: Definition) -> bool:
    called = [decorator.func if isinstance(decorator, ast.Call) else decorator for decorator in node.decorator_list]
    return all(isinstance(decorator, ast.Name) and decorator.id in PLAIN_DECORATORS for decorator in called)


def uses(file: Path) -> Iterator[str]:
    """Yield every name that a file's code reads, imports, or holds in a string, as `getattr` and forward types do."""
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        match node:
            case (
                ast.Name(id=name, ctx=ast.Load())
                | ast.Attribute(attr=name)
                | ast.alias(name=name)
                | ast.keyword(arg=str(name))
            ):
                yield name
            case ast.Constant(value=str(text)) if text.isidentifier():
                yield text


@cache
def used_names() -> frozenset[str]:
    return frozenset(name for file in USERS for name in uses(file))


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(ROOT)))
def test_every_public_name_is_used(file: Path) -> None:
    assert [name for name in definitions(file) if name not in used_names() and name not in UNUSED_WITH_REASON] == []


@pytest.mark.parametrize("name", UNUSED_WITH_REASON)
def test_every_exception_is_still_defined_and_unused(name: str) -> None:
    assert any(name in definitions(file) for file in FILES)
    assert name not in used_names()


def test_what_is_mentioned_by_its_definition_alone_is_found_out(tmp_path: Path) -> None:
    file = tmp_path / "file.py"
    file.write_text(
        "UNUSED, USED = 1, 2\nclass Found:\n    def method(self) -> None: print(USED)\n    def _own(self) -> None: ...\n"
    )
    assert [name for name in definitions(file) if name not in set(uses(file))] == ["UNUSED", "Found", "method"]
