"""What is loaded when: a start pays for nothing before it is used, and a side never for the other."""

import subprocess
import sys

from tests.conftest import ROOT
from tests.test_architecture import files_of, module_of

TORCH_SIDE = ("torch", "transformers", "optimum", "onnx", "export")


def test_importing_the_whole_runtime_leaves_torch_and_the_export_side_out() -> None:
    modules = [module_of(file) for file in files_of("runtime")]
    script = (
        f"import importlib, sys\nfor name in {modules!r}: importlib.import_module(name)\n"
        f"print([name for name in {TORCH_SIDE!r} if name in sys.modules])"
    )
    assert printed_by(script) == "[]"


def test_drawing_fetching_indexing_and_evaluating_need_no_torch() -> None:
    script = (
        "import sys, export.__main__, export.fetch.run, export.index.build, export.index.seed.importing\n"
        "import export.storybook.folder, export.evaluation.run\n"
        f"print([name for name in {TORCH_SIDE[:-1]!r} if name in sys.modules])"
    )
    assert printed_by(script) == "[]"


def test_importing_the_runtime_opens_no_heavy_package_before_it_is_used() -> None:
    script = (
        "import sys, runtime.web.api, runtime.bootstrap\n"
        "print([name for name in ('onnxruntime', 'faiss', 'PIL', 'groq', 'tokenizers', 'boto3') if name in sys.modules])"
    )
    assert printed_by(script) == "[]"


def test_telemetry_is_off_before_onnxruntime_is_imported() -> None:
    script = (
        "import os, sys\nos.environ.pop('ORT_DISABLE_TELEMETRY', None)\n"
        "seen = []\n"
        "class Watch:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name == 'onnxruntime': seen.append(os.environ.get('ORT_DISABLE_TELEMETRY'))\n"
        "sys.meta_path.insert(0, Watch())\n"
        "from pathlib import Path\n"
        "from runtime.models.onnx_session import Session\nfrom runtime.errors import LookwhyError\n"
        "try: Session(Path('nothing.onnx'), 1)\n"
        "except LookwhyError: pass\n"
        "print(seen)"
    )
    assert printed_by(script) == "['1']"


def printed_by(script: str) -> str:
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_a_start_without_a_key_loads_no_check_of_sentences() -> None:
    script = (
        "import sys, runtime.bootstrap; print([name for name in sys.modules if name.startswith('runtime.explain.groq')])"
    )
    assert printed_by(script) == "[]"
