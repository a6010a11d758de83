"""The command line: `search` for one answer, `serve` for many. A flag wins over the environment, that over `.env`."""

import json
import logging
from pathlib import Path
from typing import Annotated

import typer

from runtime.settings import Settings
from runtime.terminal import print_answer, told_errors

app = typer.Typer(
    help="Find pictures by words, and see why each one matched.", no_args_is_help=True, pretty_exceptions_enable=False
)
ModelsDir = Annotated[Path | None, typer.Option("--models", help="The exported models' folder (MODELS_DIR).")]
IndexDir = Annotated[Path | None, typer.Option("--index", help="The index's folder (INDEX_DIR).")]


@app.command()
def search(
    query: Annotated[str, typer.Argument(help="What the picture should show, in words.")],
    top_k: Annotated[int | None, typer.Option("-k", help="How many pictures (TOP_K_DEFAULT).")] = None,
    models: ModelsDir = None,
    index: IndexDir = None,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print what POST /search would answer.")] = False,
) -> None:
    """Answer one search and end."""
    with told_errors():
        from runtime.bootstrap import open_engine
        from runtime.web.schemas import SearchBody

        settings = _settings(models_dir=models, index_dir=index)
        engine = open_engine(settings)
        request = engine.limits.check_search(query, settings.top_k_default if top_k is None else top_k)
        body = SearchBody.model_validate(engine.search(request))
        if as_json:
            typer.echo(json.dumps(body.model_dump(), indent=2, ensure_ascii=False))
        else:
            print_answer(body)


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="The port to listen on.")] = 8000,
    models: ModelsDir = None,
    index: IndexDir = None,
) -> None:
    """Serve the API and the page until Ctrl-C."""
    with told_errors():
        import uvicorn

        from runtime.bootstrap import open_engine
        from runtime.web.api import create_app

        settings = _settings(models_dir=models, index_dir=index)
        web_app = create_app(open_engine(settings), settings)
    uvicorn.run(web_app, host=host, port=port, log_level=settings.log_level.lower(), server_header=False)


def _settings(**flags: Path | None) -> Settings:
    settings = Settings.read(**flags)
    logging.basicConfig(format="%(levelname)s %(name)s: %(message)s")
    logging.getLogger("runtime").setLevel(settings.log_level.upper())  # ours alone: faiss tells each start what it lacks
    return settings


if __name__ == "__main__":
    app(prog_name="python -m runtime")
