"""How often the language of a short query is told: python -m benchmarks.languages [--words FILE]

Queries in six languages, typed in plain letters, and English queries of the storybook, none of which may be taken for
foreign; with --words, words of Latin letters alone, too: one a line, such as BERT's vocabulary.
"""

import random
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from benchmarks.languages.short_queries import SHORT_QUERIES
from export.storybook.captions import exact_caption
from export.storybook.queries import paraphrase, partial_query, short_query
from export.storybook.scenes import sample_scene
from runtime.search.language import foreign_language
from runtime.search.query import parse_query
from runtime.terminal import told_errors

ENGLISH_QUERIES, SEED = 1_000, 5_000_029  # the seed is used by no other draw of scenes
HEAD = "| language | queries | told | told as another one | a word left out by mistake |\n|---|---|---|---|---|"


def main(
    words: Annotated[Path | None, typer.Option(help="Words that are not to be taken for foreign, one a line.")] = None,
) -> None:
    """Print a Markdown table, and what of the English was taken for foreign."""
    console = Console(highlight=False)
    with told_errors():
        console.print(HEAD, soft_wrap=True, markup=False)
        for language, queries in SHORT_QUERIES.items():
            told = [foreign_language(query) for query in queries]
            foreign, own = sum(one is not None for one in told), told.count(language)
            left_out = sum(bool(parse_query(query).unwanted) for query in queries)
            row = f"| {language} | {len(queries)} | {foreign} | {foreign - own} | {left_out} |"
            console.print(row, soft_wrap=True, markup=False)
        _print_taken(console, "English queries", _english_queries())
        if words:
            _print_taken(
                console, "words", [word for word in words.read_text("utf-8").split() if word.isalpha() and word.isascii()]
            )


def _english_queries() -> list[str]:
    """Return distinct captions and queries of drawn scenes."""
    rng = random.Random(SEED)
    queries: dict[str, None] = {}
    while len(queries) < ENGLISH_QUERIES:
        scene = sample_scene(rng)
        written = (exact_caption(scene), *(write(scene, rng).text for write in (paraphrase, partial_query, short_query)))
        queries |= dict.fromkeys(written)
    return list(queries)[:ENGLISH_QUERIES]


def _print_taken(console: Console, name: str, texts: list[str]) -> None:
    taken = [text for text in texts if foreign_language(text)]
    told = f": {', '.join(taken)}" if taken else ""
    console.print(f"\n{len(taken)} of {len(texts):,} {name} taken for foreign{told}", soft_wrap=True, markup=False)


if __name__ == "__main__":
    typer.run(main)
