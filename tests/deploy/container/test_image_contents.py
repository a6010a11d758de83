"""What is in the image, and what is not."""

import json

from tests.deploy.container.podman import must, podman, run_once
from tests.sample_library import MODELS

LIMIT_BYTES = 350_000_000
TORCH_AND_HUB = ("torch", "transformers", "huggingface_hub", "export")


def inside(image: str, code: str) -> str:
    return must(run_once(image, "-c", code, flags=["--entrypoint=python"]))


def test_image_without_models_keeps_to_its_limit(lean_image: str) -> None:
    given = int(must(podman("image", "inspect", "--format={{.Size}}", lean_image)))
    models = sum(path.stat().st_size for path in MODELS.rglob("*") if path.is_file())
    assert given - models <= LIMIT_BYTES


def test_torch_and_what_downloads_models_are_absent(lean_image: str) -> None:
    code = f"import importlib.util as u; print([name for name in {TORCH_AND_HUB} if u.find_spec(name)])"
    assert inside(lean_image, code) == "[]"


def test_all_code_is_compiled_and_never_checked_again(lean_image: str) -> None:
    code = (
        "import pathlib, sysconfig\n"
        "folders = ['/opt/packages', '/var/task', sysconfig.get_path('stdlib') + '/asyncio']\n"
        "files = [file for folder in folders for file in pathlib.Path(folder).rglob('*.py')]\n"
        "compiled = [file.parent / '__pycache__' / f'{file.stem}.cpython-313.pyc' for file in files]\n"
        "print([str(file) for file in compiled if not file.is_file() or file.read_bytes()[4] != 1])"
    )
    assert inside(lean_image, code) == "[]"


def test_entry_health_check_and_user_are_as_orchestrators_need_them(lean_image: str) -> None:
    [image] = json.loads(must(podman("image", "inspect", lean_image)))
    assert image["User"] == "10001:10001"
    assert image["Healthcheck"]["Test"] == ["CMD", "python", "deploy/healthcheck.py"]
    assert "8000/tcp" in image["Config"]["ExposedPorts"]
