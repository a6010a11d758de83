"""The direction of imports, as a table, and what the runtime must leave out, in a fresh interpreter."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT

# Who may import whom, inside the runtime. One direction, no way back: a room imports from the rooms on its right.
ALLOWED: dict[str, set[str]] = {
    "errors": set(),
    "words": set(),
    "calibration": set(),
    "encoder": set(),
    "stopwatch": set(),
    "heatmap": set(),
    "metrics": set(),
    "probing": set(),
    "manifest": {"calibration", "errors", "probing", "records"},
    "settings": {"errors", "manifest"},
    "records": set(),
    "sessions": {"errors", "records"},
    "images": {"errors", "manifest"},
    "text": {"errors"},
    "clip": {"images", "manifest", "sessions", "text"},
    "decoding": set(),
    "beams": {"decoding"},
    "blip": {"beams", "decoding", "images", "manifest", "sessions", "text"},
    "library": {"errors", "images", "manifest"},
    "stores": {"errors", "manifest"},
    "captions": {"errors", "library"},
    "asking": {"errors", "words"},
    "evidence": {"words"},
    "matcher": {"asking", "calibration", "evidence", "library", "stores", "words"},
    "explain": {"evidence"},
    "evidence_explainer": {"evidence", "explain", "words"},
    "groq_faults": set(),
    "groq_vocabulary": set(),
    "groq_breaker": set(),
    "lru": set(),
    "meeting": set(),
    "turnstile": {"errors"},
    "admission": {"errors", "turnstile"},
    "shared_encoder": {"encoder", "lru", "meeting"},
    "groq_form": {"evidence_explainer", "explain", "groq_faults", "words"},
    "groq_check": {"explain", "groq_vocabulary", "words"},
    "groq_client": {"groq_faults", "groq_form"},
    "groq_explainer": {
        "evidence_explainer",
        "explain",
        "groq_breaker",
        "groq_check",
        "groq_client",
        "groq_faults",
        "groq_form",
        "lru",
        "words",
    },
    "aws": {"errors"},
    "artefacts": {"aws", "errors", "manifest", "records"},
    "on_demand": {"artefacts", "blip", "clip", "errors", "library", "manifest", "records"},
    "groq_secret": {"errors", "evidence_explainer", "explain"},
    "standby": {"errors", "wire"},
    "answer": {"captions", "evidence", "heatmap", "library"},
    "engine": {
        "answer",
        "asking",
        "calibration",
        "captions",
        "encoder",
        "errors",
        "evidence",
        "explain",
        "heatmap",
        "library",
        "matcher",
        "stopwatch",
        "words",
    },
    "opening": {
        "artefacts",
        "asking",
        "aws",
        "captions",
        "engine",
        "explain",
        "groq_explainer",
        "groq_secret",
        "library",
        "manifest",
        "matcher",
        "on_demand",
        "settings",
        "shared_encoder",
        "stores",
    },
    "wire": {"answer", "asking", "captions", "evidence"},
    "middleware": {"errors"},
    "api": {"admission", "asking", "engine", "errors", "images", "metrics", "middleware", "settings", "turnstile", "wire"},
    "terminal": {"errors", "wire"},
    "__main__": {"api", "opening", "settings", "terminal", "wire"},
}
# One file owns each outside thing.
OWNERS = {
    "onnxruntime": {"sessions.py"},
    "faiss": {"faiss_store.py", "mapped_ivf.py"},
    "PIL": {"images.py"},
    "tokenizers": {"text.py"},
    "groq": {"groq_client.py"},
    "boto3": {"aws.py"},
    "botocore": {"aws.py"},
    "fastapi": {"api.py"},
    "sqlite3": {"library.py"},
    "prometheus_client": {"metrics.py"},
}
TORCH_SIDE = ("torch", "transformers", "optimum", "onnx", "export")


def runtime_files() -> list[Path]:
    return sorted((ROOT / "runtime").rglob("*.py"))


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
            modules.add(node.module)
    return modules


def room_of(file: Path) -> str:
    return file.relative_to(ROOT / "runtime").parts[0].removesuffix(".py")


def test_every_room_of_the_runtime_stands_in_the_table() -> None:
    assert {room_of(file) for file in runtime_files()} - {"__init__"} == set(ALLOWED)


@pytest.mark.parametrize("file", runtime_files(), ids=lambda file: str(file.relative_to(ROOT)))
def test_imports_run_one_way(file: Path) -> None:
    ours = {module.split(".")[1] for module in imported_modules(file) if module.startswith("runtime.")}
    assert ours - {room_of(file)} <= ALLOWED.get(room_of(file), set())


@pytest.mark.parametrize("package", OWNERS)
def test_one_file_owns_each_outside_thing(package: str) -> None:
    users = {
        file.name
        for file in runtime_files()
        if any(name.split(".")[0] == package for name in imported_modules(file, with_types=False))
    }
    assert users == OWNERS[package]


def test_the_table_has_no_way_back() -> None:
    for room, below in ALLOWED.items():
        reachable, waiting = set(), set(below)
        while waiting:
            reachable |= waiting
            waiting = set().union(*(ALLOWED[name] for name in waiting)) - reachable
        assert room not in reachable


def test_importing_the_whole_runtime_leaves_torch_and_the_export_side_out() -> None:
    modules = [".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__") for file in runtime_files()]
    script = (
        f"import importlib, sys\nfor name in {modules!r}: importlib.import_module(name)\n"
        f"print([name for name in {TORCH_SIDE!r} if name in sys.modules])"
    )
    printed = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert printed.strip() == "[]"


def test_drawing_fetching_indexing_and_evaluating_need_no_torch() -> None:
    script = (
        "import sys, export.__main__, export.fetch, export.index, export.takeover\n"
        "import export.storybook.folder, export.evaluate\n"
        f"print([name for name in {TORCH_SIDE[:-1]!r} if name in sys.modules])"
    )
    printed = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert printed.strip() == "[]"


def test_importing_the_runtime_opens_no_heavy_package_before_it_is_used() -> None:
    script = (
        "import sys, runtime.api, runtime.opening\n"
        "print([name for name in ('onnxruntime', 'faiss', 'PIL', 'groq', 'tokenizers', 'boto3') if name in sys.modules])"
    )
    printed = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert printed.strip() == "[]"


def test_telemetry_is_off_before_onnxruntime_is_imported() -> None:
    script = (
        "import os, sys\nos.environ.pop('ORT_DISABLE_TELEMETRY', None)\n"
        "seen = []\n"
        "class Watch:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name == 'onnxruntime': seen.append(os.environ.get('ORT_DISABLE_TELEMETRY'))\n"
        "sys.meta_path.insert(0, Watch())\n"
        "from pathlib import Path\nfrom runtime.sessions import Session\nfrom runtime.errors import LookwhyError\n"
        "try: Session(Path('nothing.onnx'), 1)\n"
        "except LookwhyError: pass\n"
        "print(seen)"
    )
    printed = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert printed.strip() == "['1']"
