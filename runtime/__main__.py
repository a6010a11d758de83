"""The command line: `search` for one answer, `serve` for many. A flag wins over the environment, that over `.env`."""

import json
import logging
import sys
from collections.abc import Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from runtime.artefacts.package_data import name_models
from runtime.errors import ImageNotFound
from runtime.settings import Settings, models_folder
from runtime.terminal import (
    LOCALE_LACKS,
    NEVER_COMPARED,
    SAMPLE_MODELS_BANNER,
    from_here,
    is_terminal,
    locale_writes_utf8,
    print_answer,
    print_duplicates,
    print_lines,
    print_paths,
    run_command_line,
    tell,
    text_of,
    told_errors,
    writes_utf8,
)
from runtime.terminal.search_arguments import SearchCommand, tell_of_file
from runtime.web.server.heap import collect_garbage_later

if TYPE_CHECKING:
    from runtime.engine import Engine
    from runtime.web.schemas import SearchBody

HOW_TO_CLOSE = "Set ACCESS_TOKEN to ask them for a token, or listen on 127.0.0.1."

app = typer.Typer(
    help="Find pictures by words, and see why each one matched.", no_args_is_help=True, pretty_exceptions_enable=False
)
ModelsDir = Annotated[
    Path | None,
    typer.Option(
        "--models",
        parser=models_folder,
        metavar="FOLDER",
        help='The folder of exported models, or "sample" (MODELS_DIR); else those that made the index.',
    ),
]
IndexDir = Annotated[
    Path | None, typer.Option("--index", help="The index's folder (INDEX_DIR); else artifacts/index.", show_default=False)
]


@app.command(cls=SearchCommand)
def search(
    query: Annotated[
        list[str] | None, typer.Argument(help='What the picture should show, in words; after "--", -word leaves out.')
    ] = None,
    top_k: Annotated[int | None, typer.Option("--top-k", "-k", help="How many pictures (TOP_K_DEFAULT, else 5).")] = None,
    models: ModelsDir = None,
    index: IndexDir = None,
    *,
    image: Annotated[
        Path | None, typer.Option("--image", help="Pictures like the one in this file, beside words or alone.")
    ] = None,
    first: Annotated[str | None, typer.Option("--from", help="Pictures from this year, month or day on.")] = None,
    last: Annotated[str | None, typer.Option("--to", help="Pictures up to this year, month or day.")] = None,
    folder: Annotated[str | None, typer.Option(help="Pictures in folders of this name, or in holiday/beach.")] = None,
    place: Annotated[str | None, typer.Option(help="Pictures of this town or country.")] = None,
    camera: Annotated[str | None, typer.Option(help="Pictures by this camera.")] = None,
    has_text: Annotated[
        bool | None, typer.Option("--with-text/--without-text", help="Pictures in which text was read, or none was.")
    ] = None,
    order: Annotated[Literal["match", "date"], typer.Option(help="The best first, or the newest of them.")] = "match",
    as_json: Annotated[bool, typer.Option("--json", help="Print what POST /search would answer.")] = False,
    paths: Annotated[bool, typer.Option("--paths", help="Print only the pictures' paths, one a line.")] = False,
    print0: Annotated[bool, typer.Option("--print0", "-0", help="The same, each ended by a NUL, for xargs -0.")] = False,
) -> None:
    """Answer one search: a table on a terminal, else a line a picture (path, probability, caption, with tabs between)."""
    with told_errors(), collect_garbage_later():
        from runtime.bootstrap import open_engine
        from runtime.programs.opened_library import OpenedLibrary
        from runtime.web.live_engine import FixedEngine

        settings = _settings(models_dir=models, index_dir=index)
        engine = open_engine(settings)
        where = {"from": first, "to": last, "folder": folder, "place": place, "camera": camera}
        body = OpenedLibrary(FixedEngine(engine)).search(
            text_of(" ".join(query or ())),
            settings.top_k_default if top_k is None else top_k,
            where={key: value and text_of(value) for key, value in where.items()} | {"has_text": has_text},
            picture=image,
            order=order,
        )
        if image is None:
            tell_of_file(query or ())
        if engine.sample_models:
            tell(SAMPLE_MODELS_BANNER)
        if as_json:
            answer = body.model_dump(exclude={"next"})  # of the API: here, --top-k asks for more
            typer.echo(json.dumps(answer, indent=2, ensure_ascii=not writes_utf8(sys.stdout)))
        elif paths or print0:
            print_paths(body, _files_of(body, engine, settings), end=b"\0" if print0 else b"\n")
        elif is_terminal(sys.stdout):
            print_answer(body, None if settings.images_url else engine.library.images_dir)
        else:
            print_lines(body, _files_of(body, engine, settings))


@app.command()
def duplicates(
    index: IndexDir = None,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print the groups as JSON.")] = False,
) -> None:
    """List copies of one picture, and pictures that were shot in one burst; deletes nothing."""
    with told_errors():
        from runtime.bootstrap import EngineSource
        from runtime.web.routes.duplicates import DuplicatesBody

        library = EngineSource(_settings(index_dir=index)).open_library()
        body = DuplicatesBody.of(library.copies, library.images_dir)
        if not library.copies.is_known:
            tell(NEVER_COMPARED)
        if as_json:
            typer.echo(json.dumps(body.model_dump(), indent=2, ensure_ascii=not writes_utf8(sys.stdout)))
        else:
            print_duplicates(body)


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="The port to listen on.")] = 8000,
    models: ModelsDir = None,
    index: IndexDir = None,
) -> None:
    """Serve the API and the page until Ctrl-C."""
    with told_errors(), collect_garbage_later():
        from runtime.artefacts.bus_error import end_on_bus_error
        from runtime.bootstrap import EngineSource, open_upload_reader
        from runtime.web.api import create_app
        from runtime.web.live_engine import LiveEngine
        from runtime.web.log.opening import open_log
        from runtime.web.routes.file_manager import find_desktop
        from runtime.web.server.heap import share_heap
        from runtime.web.server.listening import is_loopback, open_sockets
        from runtime.web.server.serving import run_server

        share_heap()
        settings = _settings(models_dir=models, index_dir=index)
        open_log(settings)
        say = logging.getLogger("runtime").info if settings.log_format == "json" else tell
        sockets = open_sockets(host, port)
        if settings.metrics_address:
            sockets += open_sockets(*settings.metrics_address, "METRICS")
        say(_artefacts(settings))
        source = EngineSource(settings)
        live = LiveEngine(source, check_s=settings.reload_check_s)
        if live.current.sample_models:
            say(SAMPLE_MODELS_BANNER)
        if not locale_writes_utf8():
            say(f"warning: Pictures with other letters in their names will be missing. {LOCALE_LACKS}")
        if not (settings.access_token or is_loopback(sockets)):
            say(f"warning: Whoever reaches {host} sees these pictures and may search them. {HOW_TO_CLOSE}")
        say(f"{live.current.count:,} pictures. Open http://{f'[{host}]' if ':' in host else host}:{port} (Ctrl-C ends it)")
        end_on_bus_error(source.changed_files)
        live.watch()
        uploads = open_upload_reader(settings)
        is_local = is_loopback(sockets) and not settings.images_url
        served = create_app(live, settings, uploads=uploads, desktop=find_desktop() if is_local else None)
    with closing(uploads), suppress(KeyboardInterrupt):  # uvicorn has ended by then
        run_server(served, sockets, settings)


@app.command()
def mcp(models: ModelsDir = None, index: IndexDir = None) -> None:
    """Give an assistant tools to search the library, over the Model Context Protocol on stdin and stdout."""
    with told_errors():
        from runtime.programs.mcp_server import check_sdk, serve_stdio

        check_sdk()
        from runtime.artefacts.bus_error import end_on_bus_error
        from runtime.bootstrap import EngineSource
        from runtime.programs.opened_library import OpenedLibrary
        from runtime.web.live_engine import LiveEngine

        settings = _settings(models_dir=models, index_dir=index)
        source = EngineSource(settings)
        live = LiveEngine(source, check_s=settings.reload_check_s)
        tell(f"{_artefacts(settings)} {live.current.count:,} pictures. An assistant may ask on stdin (Ctrl-C ends it)")
        end_on_bus_error(source.changed_files)
        live.watch()
        serve_stdio(OpenedLibrary(live), [SAMPLE_MODELS_BANNER] if live.current.sample_models else [])


def _files_of(body: "SearchBody", engine: "Engine", settings: Settings) -> Sequence[str]:
    """Return where the hits' files lie, as seen from here. A picture on S3, or one that is gone, has the index's path."""
    named = [result.image_path for result in body.results]
    return named if settings.images_url else [_file_of(image_path, engine) for image_path in named]


def _file_of(image_path: str, engine: "Engine") -> str:
    try:
        file = engine.library.image_file(image_path)
    except ImageNotFound:
        return image_path
    return str(from_here(file))


def _artefacts(settings: Settings) -> str:
    models_dir, index_dir = settings.artefact_dirs()
    return f"Models: {settings.models_url or name_models(models_dir)}. Index: {settings.index_url or index_dir}."


def _settings(**flags: Path | None) -> Settings:
    settings = Settings.read(**flags)
    logging.basicConfig(format="%(levelname)s %(name)s: %(message)s")
    logging.getLogger("runtime").setLevel(settings.log_level.upper())  # ours alone: faiss tells each start what it lacks
    return settings


if __name__ == "__main__":
    run_command_line(app, "python -m runtime")
