"""Prints an evaluation: a table of figures, a table of agreement, and the remarks."""

from collections.abc import Iterator, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from export.evaluation.agreement import Agreement
from export.evaluation.result import DEFINITIONS, Evaluation
from export.index.captions.file import SkippedLine

SKIPPED_SHOWN = 20
NONE = "–"
DIRECTIONS = {"text_to_image": "words find the picture", "image_to_text": "the picture finds its words"}


def print_evaluation(evaluation: Evaluation, console: Console) -> None:
    """Print the figures, side by side, and the remarks."""
    console.print(_figures(evaluation))
    if evaluation.agreement:
        console.print(_agreement(evaluation.agreement))
    console.print(Text(f"R@k: {DEFINITIONS['R@k']}", style="dim"))
    for remark in evaluation.remarks():
        console.print(Text(remark, style="bold yellow"))


def print_skipped(skipped: Sequence[SkippedLine], console: Console) -> None:
    """Print which lines were skipped, and why."""
    if not skipped:
        return
    console.print(f"{len(skipped):,} left out:", style="yellow")
    for one in skipped[:SKIPPED_SHOWN]:
        console.print(Text(f"  line {one.line}: {one.reason}"), soft_wrap=True)
    if len(skipped) > SKIPPED_SHOWN:
        console.print(f"  and {len(skipped) - SKIPPED_SHOWN:,} more, in the JSON file")


def _figures(evaluation: Evaluation) -> Table:
    title = f"{evaluation.pictures:,} pictures, {evaluation.texts:,} captions"
    table = Table(title=title, title_justify="left")
    table.add_column("")
    for model in evaluation.models:
        table.add_column(Text(model.manifest.precision), justify="right")
    table.add_column("chance", justify="right", style="dim")
    for row in _recall_rows(evaluation):
        table.add_row(*row)
    table.add_section()
    for name, score in (("BLEU-4", "bleu4"), ("chrF", "chrf")):
        scores = [getattr(model.captions, score) if model.captions else None for model in evaluation.models]
        table.add_row(f"captions, {name} of 100", *(NONE if score is None else f"{score:.1f}" for score in scores), NONE)
    return table


def _recall_rows(evaluation: Evaluation) -> Iterator[tuple[str, ...]]:
    for direction, words in DIRECTIONS.items():
        for k, chance in evaluation.chance[direction].items():
            shares = (model.recall[direction][k] for model in evaluation.models)
            yield f"{words}, {k}", *(f"{share:.3f}" for share in shares), f"{chance:.3f}"


def _agreement(agreement: Agreement) -> Table:
    table = Table(title="Quantized against exact", title_justify="left")
    for heading in ("", "mean", "worst"):
        table.add_column(heading, justify="right" if heading else "left")
    table.add_row("cosine of texts", f"{agreement.text_cosine_mean:.4f}", f"{agreement.text_cosine_worst:.4f}")
    table.add_row("cosine of pictures", f"{agreement.image_cosine_mean:.4f}", f"{agreement.image_cosine_worst:.4f}")
    overlap = agreement.overlap_at_10
    table.add_row("the same pictures among the first ten", NONE if overlap is None else f"{overlap:.4f}", "")
    if captions := agreement.captions:
        table.add_row("captions that are equal", f"{captions.captions_equal:.4f}", "")
        table.add_row("their tokens that are equal", f"{captions.tokens_equal:.4f}", "")
        table.add_row("chrF of one to the other, of 100", f"{captions.chrf:.1f}", "")
    return table
