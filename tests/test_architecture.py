"""The direction of imports, as a table for each side (`test_imports.py`: what is loaded when; `test_written_once.py`)."""

import ast
from functools import cache
from pathlib import Path

import pytest

from tests.conftest import ROOT

# Who may import whom. One direction, no way back: a package imports from those that its row names, and from itself.
# Imports inside functions and under TYPE_CHECKING count, too. The export side may import the runtime; never the reverse.
ALLOWED: dict[str, dict[str, set[str]]] = {
    "runtime": {
        "errors": set(),
        "artefacts": {"errors"},
        "settings": {"artefacts", "errors"},
        "images": {"artefacts", "errors"},
        "stores": {"artefacts", "errors", "library"},
        "library": {"artefacts", "errors", "images"},
        "models": {"artefacts", "errors", "images"},
        "search": {"artefacts", "errors", "library", "stores"},
        "explain": {"artefacts", "errors", "search"},
        "engine": {"artefacts", "errors", "explain", "library", "models", "search"},
        "bootstrap": {
            "artefacts",
            "engine",
            "errors",
            "explain",
            "images",
            "library",
            "models",
            "search",
            "settings",
            "stores",
        },
        "web": {"engine", "errors", "images", "library", "search", "settings"},
        "terminal": {"errors", "images", "settings", "web"},
        "programs": {"bootstrap", "errors", "images", "library", "search", "settings", "terminal", "web"},
        "__main__": {"artefacts", "bootstrap", "engine", "errors", "programs", "settings", "terminal", "web"},
    },
    "export": {
        "errors": set(),
        "console": set(),
        "atomic": {"errors"},
        "storybook": {"atomic", "console", "errors"},
        "fetch": {"atomic", "console", "errors"},
        "index": {"atomic", "console", "errors"},
        "cluster": {"atomic", "console", "errors", "index"},
        "verify": {"console", "errors", "index"},
        "publish": {"console", "errors", "verify"},
        "precision": {"console", "errors", "index", "storybook"},
        "models": {"atomic", "console", "errors", "precision"},
        "evaluation": {"console", "errors", "index", "models", "precision"},
        "__main__": {
            "cluster",
            "console",
            "errors",
            "evaluation",
            "fetch",
            "index",
            "models",
            "precision",
            "storybook",
            "verify",
        },
    },
}
# One file of the runtime owns each outside thing.
OWNERS = {
    "onnxruntime": {"models/onnx_session.py"},
    "faiss": {"stores/flat.py", "stores/faiss_ivf.py"},
    "PIL": {
        "images/colour_profiles.py",
        "images/upload_worker.py",
        "images/foreign/heif.py",
        "images/foreign/raw.py",
        "images/opening.py",
        "images/pixels.py",
        "images/preprocessing.py",
        "images/previews.py",
    },
    "pillow_heif": {"images/foreign/heif.py", "images/foreign/worker.py"},
    "rawpy": {"images/foreign/raw.py", "images/foreign/worker.py"},
    "tokenizers": {"models/tokenizer.py"},
    "groq": {"explain/groq/client.py"},
    "boto3": {"artefacts/remote/aws.py"},
    "pymilvus": {"stores/milvus_calls.py"},
    "grpc": {"stores/milvus_calls.py"},
    "botocore": {"artefacts/remote/aws.py", "artefacts/remote/remote_faults.py", "artefacts/remote/signed_s3.py"},
    "fastapi": {
        "web/api.py",
        "web/routes/browsing.py",
        "web/faults.py",
        "web/routes/openapi.py",
        "web/routes/page.py",
        "web/routes/pictures.py",
        "web/routes/routing.py",
        "web/routes/searching.py",
    },
    "mcp": {"programs/mcp_server.py"},
    "mcp_types": {"programs/mcp_server.py"},
    "sqlite3": {"library/caption_file.py", "library/catalog_file.py", "library/text_index.py"},
    "prometheus_client": {"web/metrics.py"},
}
ROOM_MAX_LINES = 250
ENTRIES_MAX, ROWS_MAX = 15, 16


def files_of(side: str) -> list[Path]:
    return sorted((ROOT / side).rglob("*.py"))


ALL_FILES = [file for side in ALLOWED for file in files_of(side)]


@cache
def imported_modules(file: Path, *, with_types: bool = True) -> set[str]:
    """Every module that a file names in an import; those under TYPE_CHECKING too, unless they are not wanted."""
    tree = ast.parse(file.read_text("utf-8"))
    if not with_types:
        tree.body = [node for node in tree.body if not (isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test))]
    modules = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            modules |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            modules |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return modules


def module_of(file: Path) -> str:
    return ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def name_of(file: Path) -> str:
    return str(file.relative_to(ROOT))


def package_of(module: str) -> str:
    """Return the second part of a module's name: the package, or the module beside the packages."""
    return module.split(".")[1]


@pytest.mark.parametrize("side", ALLOWED)
def test_every_package_of_a_side_stands_in_its_table(side: str) -> None:
    modules = {module_of(file) for file in files_of(side)} - {side}
    assert {package_of(module) for module in modules} == set(ALLOWED[side])


@pytest.mark.parametrize("side", ALLOWED)
def test_a_side_can_be_read_from_its_listing(side: str) -> None:
    entries = [entry for entry in (ROOT / side).iterdir() if entry.name not in {"__init__.py", "__pycache__"}]
    assert len(entries) <= ENTRIES_MAX
    assert len(ALLOWED[side]) <= ROWS_MAX


@pytest.mark.parametrize("file", ALL_FILES, ids=name_of)
def test_imports_run_one_way(file: Path) -> None:
    side, module = file.relative_to(ROOT).parts[0], module_of(file)
    if module == side:
        return
    ours = {package_of(name) for name in imported_modules(file) if name.startswith(f"{side}.")} - {"__version__"}
    assert ours - {package_of(module)} <= ALLOWED[side][package_of(module)]


@pytest.mark.parametrize("file", ALL_FILES, ids=name_of)
def test_no_module_is_longer_than_a_reader_can_hold(file: Path) -> None:
    assert len(file.read_text("utf-8").splitlines()) <= ROOM_MAX_LINES


@pytest.mark.parametrize("side", ALLOWED)
def test_no_package_imports_itself_by_way_of_others(side: str) -> None:
    assert_without_circle(ALLOWED[side])


@pytest.mark.parametrize("side", ALLOWED)
def test_no_module_imports_itself_by_way_of_others(side: str) -> None:
    modules = {module_of(file): file for file in files_of(side) if file.name != "__init__.py"}
    assert_without_circle({name: imported_modules(file) & set(modules) - {name} for name, file in modules.items()})


def assert_without_circle(imports: dict[str, set[str]]) -> None:
    for name, below in imports.items():
        reachable, waiting = set(), set(below)
        while waiting:
            reachable |= waiting
            waiting = set().union(*(imports[other] for other in waiting)) - reachable
        assert name not in reachable


@pytest.mark.parametrize("package", OWNERS)
def test_one_file_owns_each_outside_thing(package: str) -> None:
    users = {
        file.relative_to(ROOT / "runtime").as_posix()
        for file in files_of("runtime")
        if any(name.split(".")[0] == package for name in imported_modules(file, with_types=False))
    }
    assert users == OWNERS[package]
