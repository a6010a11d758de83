"""`pip install .` outside the checkout: what travels along, and that the first commands a stranger types work without torch.

The packages that Lookwhy needs are lent by the environment of the tests: installing them anew takes minutes. That the
installed package asks for the same ones is compared with the pinned files.
"""

import json
import os
import subprocess
import sys
import tomllib
import venv
from dataclasses import dataclass
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from export.errors import PackageMissing
from runtime import __version__
from runtime.artefacts.embedded import SAMPLE_TOKENIZERS, are_sample_models, sample_models_dir
from runtime.artefacts.manifest import read_models_manifest
from tests.conftest import ROOT

PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
EXTRAS = PYPROJECT["optional-dependencies"]
TORCH_SIDE = ("torch", "transformers", "optimum", "onnx", "matplotlib", "sacrebleu", "boto3")
COMMANDS = "search serve fetch models index import-index evaluate storybook publish".split()
ENDED_BY_NETWORK = ("No matching distribution found for hatchling", "Could not fetch URL", "Connection", "Temporary failure")


def pinned(name: str) -> dict[str, str]:
    """Return the versions that a requirements file pins itself, by package."""
    lines = (line.partition("#")[0].split(";")[0].strip().rstrip("\\").strip() for line in (ROOT / name).read_text("utf-8").splitlines())
    return dict(line.split("==") for line in lines if "==" in line)
