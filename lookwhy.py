"""Lookwhy for programs, `lookwhy.open`, and the one command, `lookwhy`: both sides' commands under one name.

Importing it does no work: what a call or a command needs is imported when it is used.
"""

import sys
from os import PathLike
from typing import TYPE_CHECKING, Annotated

if TYPE_CHECKING:
    import typer

    from runtime.programs.opened_library import OpenedLibrary


def open(  # the name that a library is opened by, as in `gzip.open`
    index: "str | PathLike[str] | None" = None, models: "str | PathLike[str] | None" = None, **settings: object
) -> "OpenedLibrary":
    """Return the library of an index, to search it from Python; docs/python.md shows how.

    Args:
        index: the index's folder; else what the command line would take: INDEX_DIR, `artifacts/index`, the sample library.
        models: the folder of exported models, or "sample"; else those that made the index.
        **settings: any other setting of docs/settings.md, in small letters: `images_dir="/mnt/photos"`.

    Raises:
        SettingInvalid: there is no such setting, or its value cannot be used.
        ArtefactMissing, ArtefactCorrupt: index or models are absent or damaged.
        ModelsDiffer: the index was made with other models.
    """
    from runtime.programs.opened_library import open_library

    return open_library(index, models, settings)


def command_line() -> "typer.Typer":
    """Return the command line; each command imports its work when it is used."""
    import typer

    from export.__main__ import app as export_app
    from export.publish.__main__ import app as publish_app
    from runtime import __version__
    from runtime.__main__ import app as runtime_app

    app = typer.Typer(
        help="Find pictures by words, and see why each one matched.", no_args_is_help=True, pretty_exceptions_enable=False
    )
    app.add_typer(runtime_app)  # without a name of its own: its commands stand beside the others
    app.add_typer(export_app)
    app.add_typer(publish_app, name="publish")

    def print_version(*, wanted: bool) -> None:
        if wanted:
            typer.echo(f"lookwhy {__version__}")
            raise typer.Exit

    @app.callback()
    def options(
        *,
        version: Annotated[
            bool, typer.Option("--version", callback=print_version, is_eager=True, help="Print the version and end.")
        ] = False,
    ) -> None:
        pass

    return app


def main() -> None:
    """Run the command line and end the process."""
    try:
        from runtime.web.server.heap import collect_garbage_later

        with collect_garbage_later():
            from runtime.terminal import run_command_line

            app = command_line()
    except KeyboardInterrupt:
        sys.exit(130)  # as runtime.terminal does, which Ctrl-C may have come before
    run_command_line(app, "lookwhy")


if __name__ == "__main__":
    main()
