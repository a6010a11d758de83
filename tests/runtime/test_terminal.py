"""What the terminal is sent: one line where one is meant, and no commands of a file's name."""

import errno
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
import typer

from runtime.terminal import (
    escape_controls,
    from_here,
    print_answer,
    print_lines,
    print_paths,
    run_command_line,
    text_of,
    told_errors,
)
from runtime.web.schemas import SearchBody


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("two\nlines\tand a tab.jpg", r"two\nlines\tand a tab.jpg"),
        ("\x1b[31mred\x07.jpg", r"\x1b[31mred\x07.jpg"),
        ("a\u2028b\x85c.jpg", r"a\u2028b\x85c.jpg"),
        ("holiday\u202egpj.exe", r"holiday\u202egpj.exe"),
        ("\u2066\u05d0\u2069 \u200f\u05d1.jpg", "\\u2066\u05d0\\u2069 \u200f\u05d1.jpg"),
        ("Größe 👩‍🚀 \xa0 C:\\pictures.jpg", "Größe 👩‍🚀 \xa0 C:\\pictures.jpg"),
    ],
)
def test_only_what_breaks_a_line_or_drives_a_terminal_is_escaped(name: str, shown: str) -> None:
    assert escape_controls(name) == shown


def test_an_argument_that_is_no_utf_8_stays_as_it_came() -> None:
    assert text_of("Bötchen") == "Bötchen"
    assert text_of("b\udcffat") == "b\udcffat"


def answer(**changes: object) -> SearchBody:
    usual = {
        "query": "a red boat on",
        "top_k": 1,
        "verdict": "none",
        "match_probability": 0.1,
        "results": [],
        "timings_ms": {},
    }
    return SearchBody.model_validate(usual | changes, by_name=True)


def hit(image_path: str, caption: str) -> dict[str, object]:
    return {
        "id": 0,
        "match_probability": 0.9,
        "verdict": "strong",
        "explanation": "It fits.",
        "explanation_source": "evidence",
        "evidence": {"score": 0.3},
        "image_path": image_path,
        "image_url": "/images/0",
        "width": 1,
        "height": 1,
        "score": 0.3,
        "caption": caption,
        "caption_source": "index",
    }


def test_every_form_of_an_answer_says_that_the_query_was_cut(capsys: pytest.CaptureFixture[str]) -> None:
    cut, line = answer(query_read="a red\x1b boat"), "Only the first 3 words were searched for: a red\\x1b boat"
    shows: list[Callable[[SearchBody], None]] = [
        print_answer,
        partial(print_lines, paths=[]),
        partial(print_paths, paths=[], end=b"\0"),
    ]
    for show in shows:
        show(cut)
        printed = capsys.readouterr()
        assert line in printed.out + printed.err
        assert "Nothing here matches well" in printed.out + printed.err


def test_a_table_says_what_its_numbers_mean(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    print_answer(answer(results=[hit("a.jpg", "a boat")]))
    heading, said = capsys.readouterr().out.split("┩")
    assert {"match", "similarity"} <= set(heading.split())
    told = " ".join(said.split("┘")[1].split())
    assert told.startswith("match: how likely the picture shows what you asked for. similarity: how near picture and query")


def test_an_answer_without_hits_has_no_table(capsys: pytest.CaptureFixture[str]) -> None:
    filtered = {"pictures": 0, "of": 5, "message": "The filter leaves none of 5 pictures."}
    print_answer(answer(filtered=filtered), Path("/photos"))
    assert capsys.readouterr().out.splitlines() == [filtered["message"], "0 pictures of /photos in 0.0 ms"]


def test_of_a_query_of_which_one_word_is_read_that_is_said_of_one(capsys: pytest.CaptureFixture[str]) -> None:
    print_lines(answer(query_read="abc", verdict="strong"), [])
    assert capsys.readouterr().err == "Only the first word was searched for: abc\n"


def test_a_folder_below_the_current_one_is_told_from_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert (from_here(tmp_path / "my pictures"), from_here(tmp_path.parent)) == (Path("my pictures"), tmp_path.parent)


def test_an_answer_to_a_query_in_another_language_says_that_captions_are_english(capsys: pytest.CaptureFixture[str]) -> None:
    print_lines(answer(query_language="ja", verdict="strong"), [])
    printed = capsys.readouterr()
    said = "Captions and explanations are in English. Unless models are multilingual, English words find more."
    assert said in printed.out + printed.err


def test_an_answer_to_all_of_a_query_says_nothing_of_it(capsys: pytest.CaptureFixture[str]) -> None:
    print_lines(answer(verdict="strong"), [])
    printed = capsys.readouterr()
    assert printed.out + printed.err == ""


def test_a_table_sends_no_command_of_a_name_a_caption_or_a_query_to_the_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    evil = "\x1b]0;owned\x07\r\x9b31m\u202e"
    print_answer(answer(query=f"query{evil}", results=[hit(f"name{evil}", f"caption{evil}")]))
    printed = capsys.readouterr().out
    assert not set("\x1b\x07\r\x9b\u202e") & set(printed)
    for shown in (r"query\x1b]0;owned\x07\r\x9b31m\u202e", r"name\x1b]0", r"caption\x1b]0"):
        assert shown in printed


def test_an_output_that_cannot_be_written_is_one_line_and_no_traceback() -> None:
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("this system has no /dev/full")
    with full.open("w") as output:
        command = [sys.executable, "-m", "runtime", "--help"]
        ended = subprocess.run(command, stdout=output, stderr=subprocess.PIPE, text=True, check=False)
    assert ended.stderr.startswith("error: What was to be printed could not be written: No space left")
    assert (ended.returncode, ended.stderr.count("\n")) == (1, 1)


def test_a_folder_that_is_closed_to_this_user_is_named_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended, told_errors():
        raise PermissionError(errno.EACCES, "Permission denied", "/closed/index/manifest.json")
    said = "error: /closed/index/manifest.json cannot be used: Permission denied. Let this user read it, or name another.\n"
    assert (ended.value.code, capsys.readouterr().err) == (1, said)
    with pytest.raises(PermissionError), told_errors():
        raise PermissionError(errno.EPERM, "Operation not permitted")


@pytest.mark.parametrize(("notes", "said"), [((), "Stopped.\n"), (("It is kept.",), "Stopped. It is kept.\n")])
def test_ctrl_c_is_told_once_with_what_is_kept(
    capsys: pytest.CaptureFixture[str], notes: tuple[str, ...], said: str
) -> None:
    stopped = KeyboardInterrupt()
    for note in notes:
        stopped.add_note(note)
    with pytest.raises(SystemExit) as ended, told_errors():
        raise stopped
    assert (ended.value.code, capsys.readouterr().err) == (130, said)


def test_a_closed_output_is_written_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    app, asked = typer.Typer(), list[bool]()

    @app.command()
    def ask() -> None:
        asked.append(sys.stdout.isatty())
        print("said")

    monkeypatch.setattr(sys, "stdout", None)
    monkeypatch.setattr(sys, "argv", ["ask"])
    with pytest.raises(SystemExit) as ended:
        run_command_line(app, "ask")
    sys.stdout.close()
    assert (ended.value.code, asked) == (0, [False])
