"""Names in the code: the field's words instead of metaphors, and one class for each class name."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.conftest import ROOT

SIDES = ("runtime", "export", "benchmarks", "deploy")

# Metaphors that a reader would have to decode, with the word of the field that stands for each.
INSTEAD_OF = {
    "contender": "implementation",
    "exam": "gate measure",
    "guest": "request",
    "judgement": "gate result",
    "lane": "worker",
    "matcher": "ranker",
    "meeting": "micro-batcher",
    "party": "batch",
    "quiz": "queries of the calibration",
    "sight": "decoded image",
    "standby": "start-up fallback",
    "turnstile": "admission queue",
    "wish": "parsed query",
    "witness": "neighbour caption",
    "workshop": "export run",
}
# Plain as the name of a variable or a field, but vague as the name of a class.
INSTEAD_OF_CLASS = {
    "asked": "query",
    "course": "workload",
    "heat": "run",
    "pending": "image to embed",
    "prepared": "image to embed",
    "probing": "cluster search parameters",
    "standing": "query context",
    "trial": "sensitivity",
    "world": "library",
}
# Where a word has its own plain meaning.
MEANT = {("export/storybook/lands.py", "lane"): "the lane of a road, as it is drawn"}
# By side and class name: why two classes of one side share a name.
SHARED_CLASS_NAMES: dict[tuple[str, str], str] = {}


@cache
def modules(side: str) -> list[tuple[str, ast.Module]]:
    """The path below the checkout and the syntax tree of every module of a side."""
    files = sorted((ROOT / side).rglob("*.py"))
    return [(file.relative_to(ROOT).as_posix(), ast.parse(file.read_text("utf-8"))) for file in files]


@cache
def words(name: str) -> set[str]:
    """The words of a snake_case or CamelCase name in lower case; plurals are there in the singular, too."""
    parts = [part.lower() for part in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name)]
    return {*parts, *(part.removesuffix("s") for part in parts), *(part.removesuffix("es") for part in parts)}


def classes(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            yield node.name


def defined_names(tree: ast.Module) -> Iterator[str]:
    """Every name that a module defines: classes, functions, parameters, variables and attributes."""
    for node in ast.walk(tree):
        match node:
            case ast.ClassDef(name=name) | ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                yield name
            case ast.arg(arg=name) | ast.Name(id=name, ctx=ast.Store()) | ast.Attribute(attr=name, ctx=ast.Store()):
                yield name


def metaphors(path: str, tree: ast.Module) -> Iterator[str]:
    """A line for each name of a module that has a word which it should not."""
    for name in sorted({*defined_names(tree), *Path(path).with_suffix("").parts}):
        for word in sorted(word for word in words(name) & INSTEAD_OF.keys() if (path, word) not in MEANT):
            yield f"{path}: {name}: not {word}, but {INSTEAD_OF[word]}"
    for name in sorted(set(classes(tree))):
        for word in sorted(words(name) & INSTEAD_OF_CLASS.keys()):
            yield f"{path}: class {name}: not {word}, but {INSTEAD_OF_CLASS[word]}"


@pytest.mark.parametrize("side", SIDES)
def test_no_name_is_a_metaphor(side: str) -> None:
    found = [line for path, tree in modules(side) for line in metaphors(path, tree)]
    assert not found, "\n" + "\n".join(found)


@pytest.mark.parametrize("side", SIDES)
def test_no_class_name_is_defined_twice_on_a_side(side: str) -> None:
    places = defaultdict(list)
    for path, tree in modules(side):
        for name in classes(tree):
            places[name].append(path)
    shared = {name: paths for name, paths in places.items() if len(paths) > 1 and (side, name) not in SHARED_CLASS_NAMES}
    assert not shared


def test_every_exception_of_a_shared_class_name_is_needed() -> None:
    for side, name in SHARED_CLASS_NAMES:
        assert sum(defined == name for _, tree in modules(side) for defined in classes(tree)) > 1, (side, name)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("class MeetingRoom: ...", "m.py: MeetingRoom: not meeting, but micro-batcher"),
        ("def read_wishes(): ...", "m.py: read_wishes: not wish, but parsed query"),
        ("def f(guest): ...", "m.py: guest: not guest, but request"),
        ("for exam in (): ...", "m.py: exam: not exam, but gate measure"),
        ("self._turnstile = 1", "m.py: _turnstile: not turnstile, but admission queue"),
        ("class _Probing: ...", "m.py: class _Probing: not probing, but cluster search parameters"),
    ],
)
def test_a_metaphor_is_found_wherever_a_name_is_defined(source: str, expected: str) -> None:
    assert list(metaphors("m.py", ast.parse(source))) == [expected]


def test_a_word_is_no_metaphor_for_looking_like_one() -> None:
    source = "examples, planes, insight = examine(lanes_of), 1, 2\nprobing = asked = 1\nclass Heatmap: ..."
    assert list(metaphors("m.py", ast.parse(source))) == []


def test_every_plain_meaning_is_needed() -> None:
    for path, word in MEANT:
        tree = ast.parse((ROOT / path).read_text("utf-8"))
        assert any(word in words(name) for name in defined_names(tree)), (path, word)


def test_a_file_is_named_by_the_same_rule() -> None:
    assert list(metaphors("runtime/web/turnstile.py", ast.parse(""))) == [
        "runtime/web/turnstile.py: turnstile: not turnstile, but admission queue"
    ]
