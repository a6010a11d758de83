"""A library in a Milvus that answers over TLS: it is loaded and searched, and an unknown certificate is refused."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cluster.milvus_server import MilvusProcess, milvus_in
from tests.cluster.sample_answers import index_shards
from tests.conftest import ROOT
from tests.sample_library import MODELS, SampleLibrary

OPENSSL = shutil.which("openssl")


def sign(folder: Path) -> Path:
    """Write ca.pem, server.pem and server.key, of an authority that exists for this test alone."""
    assert OPENSSL
    new = [OPENSSL, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
    of_authority = ["-subj", "/CN=tests", "-keyout", "ca.key", "-out", "ca.pem"]
    of_server = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", "server.key"]
    signed = ["-addext", "basicConstraints=CA:FALSE", "-CA", "ca.pem", "-CAkey", "ca.key", "-out", "server.pem"]
    for command in ([*new, *of_authority], [*new, *of_server, *signed]):
        subprocess.run(command, cwd=folder, check=True, capture_output=True)
    return folder


@pytest.fixture(scope="module")
def server(milvus_packages: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[MilvusProcess]:
    if not OPENSSL:
        pytest.skip("openssl, which signs the certificate, is not installed")
    certificates = sign(tmp_path_factory.mktemp("certificates"))
    with milvus_in(tmp_path_factory.mktemp("milvus"), certificates=certificates) as server:
        yield server


def run(server: MilvusProcess, *arguments: str, trusted: bool = True, **settings: str) -> "subprocess.CompletedProcess[str]":
    """Run a command in a process of its own, as gRPC reads once which authorities it trusts."""
    assert server.certificates
    own = {"MODELS_DIR": str(MODELS), "PYTHONPATH": str(ROOT), **settings}
    if trusted:
        own["GRPC_DEFAULT_SSL_ROOTS_FILE_PATH"] = str(server.certificates / "ca.pem")
    command = [sys.executable, "-m", *arguments]
    return subprocess.run(command, env=os.environ | own, cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def loaded(server: MilvusProcess, sample_library: SampleLibrary, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The setting STORE of the sample library, loaded by the command."""
    shards, url = index_shards(sample_library.index, tmp_path_factory.mktemp("tls") / "shards"), server.url("sample")
    done = run(server, "export", "load", str(shards), "--store", url, "--models", str(MODELS))
    assert done.returncode == 0, done.stderr
    return url


def test_a_search_over_tls_answers(server: MilvusProcess, loaded: str, tmp_path: Path) -> None:
    found = run(server, "runtime", "search", "a red boat", "-k", "1", STORE=loaded, FETCH_DIR=str(tmp_path))
    assert found.returncode == 0, found.stderr
    assert "boat" in found.stdout


@pytest.mark.parametrize("way", ["a certificate of an unknown authority", "no TLS"])
def test_what_is_not_trusted_is_not_asked(way: str, server: MilvusProcess, loaded: str, tmp_path: Path) -> None:
    url, trusted = (loaded, False) if way != "no TLS" else (loaded.replace("milvus+tls:", "milvus:"), True)
    found = run(server, "runtime", "search", "a boat", trusted=trusted, STORE=url, FETCH_DIR=str(tmp_path))
    assert found.returncode == 1
    assert url in found.stderr
    assert "Traceback" not in found.stderr
