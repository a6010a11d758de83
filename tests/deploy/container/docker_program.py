"""`docker`, `docker compose` included, as the documents call it: Podman, for a shell that finds this first on its PATH.

What differs from Docker: the base image is the stand-in (debian.py), and pip is set up for the build as it is here. Where
`run` names a service, Docker minds no profile; podman-compose is told the profile.
"""

import os
import shlex
import sys
from pathlib import Path

from tests.deploy.container.image import build_flags
from tests.deploy.container.podman import CONFIGURATION, ENGINE, configure

COMPOSE = Path(os.environ.get("COMPOSE_TOOLS", Path(sys.prefix) / "compose"), "bin/podman-compose")  # `make .venv/.compose`
LABEL = "lookwhy=documents"  # by which the containers of these commands are found again


def write_docker_program(folder: Path) -> None:
    """Write the program `docker` into a folder."""
    configure()
    engine, program = shlex.join(ENGINE), folder / "docker"
    program.write_text(
        f"""#!/bin/sh
export CONTAINERS_CONF={shlex.quote(str(CONFIGURATION))}
command=$1
shift
case $command in
  compose)
    case " $* " in *" run "*) set -- --profile=index "$@" ;; esac
    exec {shlex.quote(str(COMPOSE))} --podman-path={shlex.quote(str(program))} "$@" ;;
  build) exec {engine} build {shlex.join(build_flags(folder))} "$@" ;;
  run | create) exec {engine} "$command" --label={LABEL} "$@" ;;
  *) exec {engine} "$command" "$@" ;;
esac
""",
        "utf-8",
    )
    program.chmod(0o755)
