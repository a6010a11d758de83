"""What is shown while the export step works: steps, counts, and nothing where nobody looks."""

import io

import pytest
from rich.console import Console

from export.console import ProgressBar, ProgressDisplay, SilentDisplay, TerminalDisplay, progress_bar


def terminal() -> tuple[Console, io.StringIO]:
    shown = io.StringIO()
    return Console(file=shown, force_terminal=True, width=120), shown


def test_a_bar_shows_what_is_done_of_how_much() -> None:
    console, shown = terminal()
    with progress_bar(console, "Embedding", 40) as advance:
        advance(30)
        advance(10)
    assert "Embedding" in shown.getvalue()
    assert "40/40" in shown.getvalue()


def test_where_there_is_nothing_to_do_no_bar_is_shown() -> None:
    console, shown = terminal()
    with progress_bar(console, "Embedding", 0):
        pass
    assert shown.getvalue() == ""


def test_in_a_file_a_bar_is_its_last_state_alone() -> None:
    shown = io.StringIO()
    with progress_bar(Console(file=shown, width=120), "Embedding", 2) as advance:
        advance(1)
        advance(1)
    assert [line.split()[0] for line in shown.getvalue().splitlines()] == ["Embedding"]
    assert "2/2" in shown.getvalue()


def test_a_bar_goes_from_one_task_to_the_next_and_shows_figures() -> None:
    console, shown = terminal()
    with ProgressBar(console) as bar:
        bar.begin("draw", 5)
        bar.advance(5)
        bar.begin("train", 100)
        bar.show(60, "loss 0.5")
    assert "60/100" in shown.getvalue()
    assert "loss 0.5" in shown.getvalue()


@pytest.mark.parametrize("display", [SilentDisplay(), TerminalDisplay(terminal()[0])])
def test_counted_parts_come_as_they_are(display: ProgressDisplay) -> None:
    assert list(display.count(["a", "b", "c"], "layers")) == ["a", "b", "c"]


def test_steps_are_lines_whose_brackets_are_no_markup() -> None:
    console, shown = terminal()
    TerminalDisplay(console).say("reading [red]models[/red]")
    assert "reading [red]models[/red]" in shown.getvalue()
