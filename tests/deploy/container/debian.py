"""Debian's Python 3.13: as a stand-in for the base image that the Dockerfile names, and as bare files for arm64.

No registry of images can be reached here. Like the official image, the stand-in has `python` and `pip` first on the PATH, no
other packages, and no .pyc files of the standard library.
"""

import re
import subprocess
import sys
from pathlib import Path

from tests.conftest import ROOT
from tests.deploy.container.podman import CACHE, must, podman

SUITE = "trixie"
BUILD_LIMIT_S = 600
# $1 is the new root, $PIP a folder with pip in it.
LIKE_THE_OFFICIAL_IMAGE = """
    site=$1/usr/local/lib/python3.13/dist-packages
    mkdir -p "$site" "$1/usr/local/bin"
    cp -r "$PIP/." "$site"
    printf '#!/bin/sh\\nexec python -m pip "$@"\\n' >"$1/usr/local/bin/pip"
    chmod 755 "$1/usr/local/bin/pip"
    ln -s /usr/bin/python3 "$1/usr/local/bin/python"
    [ -e "$1/usr/bin/sh" ] || ln -s dash "$1/usr/bin/sh"
    [ -e "$1/etc/passwd" ] || printf 'root:x:0:0:root:/root:/bin/sh\\n' >"$1/etc/passwd"
    find "$1/usr/lib/python3.13" -name __pycache__ -prune -exec rm -rf {} +
"""
# Of arm64, packages are unpacked and not set up: emulated, setting up takes over ten minutes.
VARIANTS = {
    "amd64": ("minbase", "python3,ca-certificates"),
    "arm64": ("extract", "python3,libstdc++6,base-files,dash,coreutils,findutils,sed,libc-bin"),
}
# The older of Lambda's CPUs for arm64, as Linux describes it. onnxruntime reads this, and crashes on the host's.
GRAVITON2 = """processor\t: 0
BogoMIPS\t: 243.75
Features\t: fp asimd evtstrm aes pmull sha1 sha2 crc32 atomics fphp asimdhp cpuid asimdrdm lrcpc dcpop asimddp ssbs
CPU implementer\t: 0x41
CPU architecture: 8
CPU variant\t: 0x3
CPU part\t: 0xd0c
CPU revision\t: 1
"""
PATH = "ENV PATH=/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin"


def make_base_image(architecture: str = "amd64") -> str:
    """Return the name of what stands in for the image in the Dockerfile's first ARG, made unless it is there.

    Args:
        architecture: Debian's name of it, amd64 or arm64; programs of the other one are emulated (install.sh).
    """
    # not of that name itself, which is a digest's, and nothing that is made here has that digest
    [version] = re.findall(r"^ARG PYTHON=\S+/python:([\w.-]+)@", (ROOT / "Dockerfile").read_text("utf-8"), re.MULTILINE)
    name = f"localhost/lookwhy-python-{architecture}:{version}"
    if podman("image", "exists", name).returncode:
        root, pip = CACHE / "base.tar", CACHE / "pip"
        _run([sys.executable, "-m", "pip", "install", "--quiet", "--upgrade", f"--target={pip}", "pip"])
        small = [f"--dpkgopt=path-exclude=/usr/share/{folder}/*" for folder in ("doc", "man", "locale")]
        variant, packages = VARIANTS[architecture]
        # what is only unpacked has no later hook than this one
        hook = f"--{'extract' if variant == 'extract' else 'customize'}-hook=PIP={pip}; {LIKE_THE_OFFICIAL_IMAGE}"
        of = [f"--architectures={architecture}", f"--include={packages}", "--skip=check/qemu"]
        _bootstrap(variant, root, *of, *small, hook)
        must(podman("import", f"--arch={architecture}", f"--change={PATH}", str(root), name, limit_s=BUILD_LIMIT_S))
        root.unlink()
    return name


def make_arm64_root() -> Path:
    """Return a folder with Debian's Python for arm64 and what it loads, unpacked and not set up, made unless it is there."""
    root = CACHE / "arm64"
    if not (root / "usr/bin/python3.13").exists():
        _bootstrap("extract", root, "--architectures=arm64", "--skip=check/qemu", "--include=python3,libstdc++6")
        (root / "lib").symlink_to("usr/lib")  # a package's own script would have made it
        (root / "proc").mkdir()
        (root / "proc/cpuinfo").write_text(GRAVITON2, "utf-8")
    return root


def _bootstrap(variant: str, target: Path, *flags: str) -> None:
    CACHE.mkdir(parents=True, exist_ok=True)
    _run(["mmdebstrap", "--quiet", f"--variant={variant}", *flags, SUITE, str(target)])


def _run(command: list[str]) -> None:
    finished = subprocess.run(command, capture_output=True, text=True, timeout=BUILD_LIMIT_S, check=False)
    assert finished.returncode == 0, f"{command[0]}: {finished.stderr[-3000:]}"
