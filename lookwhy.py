"""The one command, `lookwhy`: what answers searches and what makes models and indexes, under one name.

Joins the command lines of both sides; each command imports its work when it is used.
"""

from typing import Annotated

import typer

from export.__main__ import app as export_app
from export.publish.__main__ import app as publish_app
from runtime import __version__
from runtime.__main__ import app as runtime_app
from runtime.terminal import run_command_line

app = typer.Typer(
    help="Find pictures by words, and see why each one matched.", no_args_is_help=True, pretty_exceptions_enable=False
)
app.add_typer(runtime_app)  # without a name of its own: its commands stand beside the others
app.add_typer(export_app)
app.add_typer(publish_app, name="publish")


def _print_version(*, wanted: bool) -> None:
    if wanted:
        typer.echo(f"lookwhy {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    *,
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and end.")
    ] = False,
) -> None:
    pass


def main() -> None:
    """Run the command line and end the process."""
    run_command_line(app, "lookwhy")


if __name__ == "__main__":
    main()
