"""`search` and `serve` as they are typed: what is printed for people and for programs, and what is refused in one line."""

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.forked import run_forked
from tests.ports import free_port
from tests.sample_library import SampleLibrary, run_module

ASCII_LOCALE = {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}
BANNER = "Sample models: trained on drawn scenes only"


def search(library: SampleLibrary, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return run_forked("runtime", "search", *arguments, environment=library.environment)


def search_alone(library: SampleLibrary, *arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    """Search in an interpreter that starts with these variables, as it reads those of the locale once."""
    return run_module("runtime", "search", *arguments, environment=library.environment | environment)


def lines_of(text: str) -> list[list[str]]:
    return [line.split("\t") for line in text.splitlines()]


def test_a_terminal_gets_a_table_with_picture_caption_and_reason(sample_library: SampleLibrary) -> None:
    reader, writer = os.openpty()
    command = [sys.executable, "-m", "runtime", "search", "a boat at sunset", "--top-k", "3"]
    environment = sample_library.environment | {"COLUMNS": "200"}
    with subprocess.Popen(command, env=environment, stdout=writer, stderr=subprocess.DEVNULL) as process:
        os.close(writer)
        shown = b""
        while chunk := read_or_end(reader):
            shown += chunk
    os.close(reader)
    assert process.returncode == 0
    for part in ("“a boat at sunset”", "caption", "why", "scene-", f"3 pictures of {sample_library.images} in "):
        assert part in shown.decode()


def read_or_end(terminal: int) -> bytes:
    try:
        return os.read(terminal, 4096)
    except OSError:  # Linux's way to say that the other side has closed
        return b""


def test_a_program_gets_a_line_a_picture_with_path_probability_and_caption(sample_library: SampleLibrary) -> None:
    printed = search(sample_library, "a boat at sunset", "-k", "3")
    assert printed.returncode == 0
    assert len(lines_of(printed.stdout)) == 3
    for path, probability, caption in lines_of(printed.stdout):
        assert Path(path).is_file()
        assert 0 <= float(probability) <= 1
        assert caption


def test_paths_alone_are_those_that_a_program_can_open(sample_library: SampleLibrary) -> None:
    plain = search(sample_library, "a boat at sunset", "-k", "3").stdout
    paths = [fields[0] for fields in lines_of(plain)]
    assert search(sample_library, "a boat at sunset", "-k3", "--paths").stdout.splitlines() == paths
    assert search(sample_library, "a boat at sunset", "-k", "3", "-0").stdout == "".join(f"{path}\0" for path in paths)


def test_paths_below_the_working_folder_are_relative_to_it(sample_library: SampleLibrary) -> None:
    folder, environment = sample_library.images.parent, sample_library.environment
    printed = run_forked("runtime", "search", "a boat", "--paths", environment=environment, folder=folder)
    assert printed.returncode == 0
    assert all(path.startswith("images/scene-") for path in printed.stdout.splitlines())


def test_the_sample_models_are_named_beside_the_answer(sample_library: SampleLibrary) -> None:
    printed = search(sample_library, "a boat")
    assert printed.stderr.startswith(BANNER)
    assert len(printed.stderr.splitlines()) == 1
    assert BANNER not in printed.stdout


def test_words_need_no_quotes(sample_library: SampleLibrary) -> None:
    assert search(sample_library, "a", "red", "boat", "--json").stdout.count('"query": "a red boat"') == 1


@pytest.mark.parametrize("arguments", [("-sunset",), ("a", "boat", "-sunset"), ("-k", "2", "-sunset", "--paths")])
def test_a_word_to_leave_out_is_told_how_to_be_written(sample_library: SampleLibrary, arguments: tuple[str, ...]) -> None:
    printed = search(sample_library, *arguments)
    assert printed.returncode == 2
    assert printed.stderr.splitlines() == [
        'error: -sunset reads as an option. To leave a word out, put the query behind "--": '
        "python -m runtime search -- a boat -sunset"
    ]


def test_a_word_that_begins_with_an_option_s_letter_is_no_option(sample_library: SampleLibrary) -> None:
    assert search(sample_library, "boat", "-kite").stderr.startswith("error: -kite reads as an option.")


def test_behind_two_dashes_a_word_is_left_out(sample_library: SampleLibrary) -> None:
    printed = search(sample_library, "-k", "60", "--", "a", "boat", "-sunset")
    captions = [fields[2] for fields in lines_of(printed.stdout)]
    with_sunset = [at for at, caption in enumerate(captions) if "boat" in caption and "sunset" in caption]
    without = [at for at, caption in enumerate(captions) if "boat" in caption and "sunset" not in caption]
    assert without
    assert not with_sunset or min(with_sunset) > min(without)
    assert search(sample_library, "--", "-sunset").stderr.startswith("error: The query is empty, or only leaves things out.")


def test_a_reader_that_stops_early_ends_the_search_quietly(sample_library: SampleLibrary) -> None:
    command = f"{sys.executable} -m runtime search boat -k 60 --json | head -1"
    printed = subprocess.run(command, shell=True, env=sample_library.environment, capture_output=True, text=True, check=True)
    assert printed.stdout == "{\n"
    assert len(printed.stderr.splitlines()) == 1  # the banner


@pytest.mark.parametrize("encoding", ["latin-1", "ascii", "cp1252"])
def test_a_terminal_without_utf_8_gets_plain_letters(encoding: str) -> None:
    script = (
        "from runtime.terminal import run_command_line\nimport typer\nfrom rich.console import Console\n"
        "app = typer.Typer()\n@app.command()\ndef say() -> None: Console().print('“Žluť” – …')\n"
        "run_command_line(app, 'say')"
    )
    environment = os.environ | {"PYTHONIOENCODING": encoding}
    command = [sys.executable, "-c", script]
    printed = subprocess.run(command, env=environment, capture_output=True, check=True)
    plain = {"latin-1": '"Zlut" - ...', "ascii": '"Zlut" - ...', "cp1252": "“Žlut” – …"}
    assert printed.stdout.decode(encoding).strip() == plain[encoding]


def test_json_for_a_program_without_utf_8_keeps_every_letter(sample_library: SampleLibrary) -> None:
    printed = search_alone(sample_library, "boat", "--json", PYTHONIOENCODING="latin-1")
    assert "\\u201cboat\\u201d" in printed.stdout


def test_a_locale_without_utf_8_reads_a_query_as_it_was_typed(sample_library: SampleLibrary) -> None:
    printed = search_alone(sample_library, "ein Bötchen", "--json", **ASCII_LOCALE)
    assert printed.returncode == 0
    assert '"query": "ein B\\u00f6tchen"' in printed.stdout


@pytest.mark.parametrize(
    ("command", "encoding"),
    [
        (("runtime", "search", "boat"), "latin-1"),
        (("runtime", "serve"), "utf-16"),
        (("export", "index", "{pictures}"), "utf-16"),
    ],
)
def test_an_env_file_in_another_encoding_ends_either_side_s_commands_with_one_line(
    sample_library: SampleLibrary, tmp_path: Path, command: tuple[str, ...], encoding: str
) -> None:
    (tmp_path / ".env").write_bytes("# für uns\nTOP_K_DEFAULT=3\n".encode(encoding))
    typed = [part.format(pictures=sample_library.images) for part in command]
    ended = run_forked(*typed, environment=sample_library.environment, folder=tmp_path)
    assert ended.returncode == 1
    assert ended.stderr.splitlines() == ["error: .env cannot be used: it is not UTF-8. Save it as UTF-8."]


def test_a_port_that_is_taken_is_refused_before_anything_starts(sample_library: SampleLibrary) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        ended = run_forked("runtime", "serve", "--port", port, environment=sample_library.environment)
    assert ended.returncode == 1
    said = f"--port='{port}' cannot be used: another program listens there on 127.0.0.1. Stop it, or choose another port."
    assert ended.stderr.splitlines() == [f"error: {said}"]


def test_a_host_that_is_not_here_is_refused(sample_library: SampleLibrary) -> None:
    ended = run_forked("runtime", "serve", "--host", "192.0.2.1", environment=sample_library.environment)
    assert ended.stderr.splitlines() == ["error: --host='192.0.2.1' cannot be used: it is no address of this machine."]


def test_serving_says_models_index_pictures_the_address_and_who_may_ask(sample_library: SampleLibrary) -> None:
    port = free_port()
    command = [sys.executable, "-m", "runtime", "serve", "--host", "0.0.0.0", "--port", str(port), "--models", "sample"]
    environment = sample_library.environment | {"WEB_CONCURRENCY": "2"}  # which hosts set for servers of more processes
    process = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)
    assert process.stderr
    said = [process.stderr.readline() for _ in range(4)]
    while "startup complete" not in process.stderr.readline():
        assert process.poll() is None
    process.send_signal(signal.SIGINT)
    _, rest = process.communicate(timeout=120)
    assert said[0] == f"Models: the sample models. Index: {sample_library.index}.\n"
    assert said[1].startswith(BANNER)
    assert said[2].startswith("warning: Whoever reaches 0.0.0.0 sees these pictures and may search them. Set ACCESS_TOKEN")
    assert said[3] == f"60 pictures. Open http://0.0.0.0:{port} (Ctrl-C ends it)\n"
    assert "Traceback" not in rest
    assert process.returncode == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("search", "boat", "-k", "ten"), "'ten' cannot be used: give a whole number."),
        (("search", "boat", "--order", "up"), "'up' is not one of 'match', 'date'."),
        (("serve", "--port", "99999"), "'99999' cannot be used: give 65535 at most."),
        (("serve", "--port", "0"), "'0' cannot be used: give 1 or more."),
    ],
)
def test_an_option_that_cannot_be_used_is_refused_in_plain_words(
    sample_library: SampleLibrary, arguments: tuple[str, ...], said: str
) -> None:
    ended = run_forked("runtime", *arguments, environment=sample_library.environment | {"COLUMNS": "200"})
    assert ended.returncode == 2
    assert said in ended.stderr
    assert "Value error" not in ended.stderr


def test_in_json_all_that_a_server_says_is_json(sample_library: SampleLibrary) -> None:
    port = free_port()
    command = [sys.executable, "-m", "runtime", "serve", "--port", str(port), "--models", "sample"]
    environment = sample_library.environment | {"LOG_FORMAT": "json", "LOG_QUERIES": "true"}
    process = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)
    assert process.stderr
    said: list[dict[str, Any]] = []
    while not said or "startup complete" not in said[-1]["message"]:
        said.append(json.loads(process.stderr.readline()))
    assert f"60 pictures. Open http://127.0.0.1:{port} (Ctrl-C ends it)" in [line["message"] for line in said]
    for query in ("a boat", "a house", "a tree"):  # each has its line, as the limit of one in ten seconds is for other kinds
        httpx.post(f"http://127.0.0.1:{port}/search", json={"query": query}, timeout=60).raise_for_status()
    with socket.create_connection(("127.0.0.1", port), 60) as proxy:
        proxy.sendall(b"GET http://localhost/healthz HTTP/1.1\r\nhost: localhost\r\n\r\n")
        assert proxy.recv(12) == b"HTTP/1.1 200"
    process.send_signal(signal.SIGINT)
    _, rest = process.communicate(timeout=120)
    lines = [json.loads(line) for line in rest.splitlines()]
    assert "/healthz" in [line.get("route") for line in lines]
    assert [line["query"] for line in lines if line.get("route") == "/search"] == ["a boat", "a house", "a tree"]
