"""The whole way with the committed sample models: draw, index, search, serve, as a user's commands do it."""

import json
import os
import shutil
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.forked import run_forked
from tests.sample_library import MODELS, SCENES, SampleLibrary, served


def scenes_of(library: SampleLibrary) -> dict[str, dict[str, Any]]:
    lines = (library.images / "captions.jsonl").read_text("utf-8").splitlines()
    return {entry["file"]: entry for entry in map(json.loads, lines)}


def search(library: SampleLibrary, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return run_forked("runtime", "search", *arguments, environment=library.environment)


@pytest.fixture(scope="module")
def base(sample_library: SampleLibrary) -> Iterator[str]:
    """Where the library is served."""
    with served(sample_library) as (address, _):
        yield address


def ask(base: str, body: dict[str, Any], route: str = "search") -> dict[str, Any]:
    request = urllib.request.Request(f"{base}/{route}", json.dumps(body).encode(), {"content-type": "application/json"})
    with urllib.request.urlopen(request, timeout=120) as answer:
        return dict(json.load(answer))


def test_the_exact_caption_of_a_scene_finds_it_first(sample_library: SampleLibrary, base: str) -> None:
    scenes = scenes_of(sample_library)
    assert len(scenes) == SCENES
    found = [ask(base, {"query": scene["captions"][0], "top_k": 1})["results"] for scene in list(scenes.values())[:8]]
    assert sum(result["image_path"] == name for [result], name in zip(found, scenes, strict=False)) >= 7


def test_the_command_finds_what_the_server_finds(sample_library: SampleLibrary, base: str) -> None:
    query = "a red boat at sunset"
    printed = json.loads(search(sample_library, query, "-k", "3", "--json").stdout)["results"]
    served_results = ask(base, {"query": query, "top_k": 3})["results"]
    assert [result["image_path"] for result in printed] == [result["image_path"] for result in served_results]


def test_captions_of_the_index_say_what_the_scenes_show(sample_library: SampleLibrary) -> None:
    scenes = scenes_of(sample_library)
    generation = json.loads((sample_library.index / "manifest.json").read_text())["generation"]
    rows = json.loads((sample_library.index / generation / "metadata.json").read_text("utf-8"))
    assert len(rows) == SCENES
    exact = sum(row["caption"] == scenes[row["image_path"]]["captions"][0] for row in rows)
    assert exact >= 0.8 * SCENES


@pytest.mark.parametrize(
    ("arguments", "said"),
    [((" ",), "query is empty"), (("boat", "-k", "0"), "top_k is 0"), (("b" * 1001,), "1,001 characters")],
)
def test_bad_arguments_end_with_one_line_and_exit_code_1(
    sample_library: SampleLibrary, arguments: tuple[str, ...], said: str
) -> None:
    printed = search(sample_library, *arguments)
    assert printed.returncode == 1
    assert said in printed.stderr
    assert len(printed.stderr.splitlines()) == 1


def test_an_index_of_other_models_stops_the_start(sample_library: SampleLibrary, tmp_path: Path) -> None:
    shutil.copytree(MODELS, tmp_path / "models")
    manifest = json.loads((tmp_path / "models" / "manifest.json").read_text())
    manifest["clip"]["text"]["sha256"] = "0" * 64
    (tmp_path / "models" / "manifest.json").write_text(json.dumps(manifest))
    printed = search(sample_library, "a boat", "--models", str(tmp_path / "models"))
    assert printed.returncode == 1
    assert "made with other models" in printed.stderr
    assert "Traceback" not in printed.stderr


@pytest.mark.parametrize("damaged", ["image_index.faiss", "catalog.sqlite"])
def test_a_truncated_index_stops_the_start(sample_library: SampleLibrary, tmp_path: Path, damaged: str) -> None:
    index = shutil.copytree(sample_library.index, tmp_path / "index")
    [file] = index.rglob(damaged)
    os.truncate(file, file.stat().st_size // 2)
    printed = search(sample_library, "a boat", "--index", str(index))
    assert printed.returncode == 1
    assert damaged in printed.stderr
    assert "Traceback" not in printed.stderr


@pytest.mark.parametrize("damaged", ["clip/text.onnx", "clip/tokenizer.safetensors"])
def test_a_damaged_model_of_the_right_length_stops_the_start(
    sample_library: SampleLibrary, tmp_path: Path, damaged: str
) -> None:
    models = shutil.copytree(MODELS, tmp_path / "models")
    length = (models / damaged).stat().st_size
    (models / damaged).write_bytes(b"\x00" * length)
    printed = search(sample_library, "a boat", "--models", str(models))
    assert printed.returncode == 1
    assert Path(damaged).name in printed.stderr
    assert "Traceback" not in printed.stderr


def test_the_server_answers_serves_the_pictures_and_ends_on_ctrl_c(sample_library: SampleLibrary) -> None:
    with served(sample_library) as (base, process):
        results = ask(base, {"query": "a red boat at sunset", "top_k": 5})["results"]
        assert len(results) == 5
        for result in results:
            assert result["caption"]
            assert result["explanation"]
            with urllib.request.urlopen(base + result["image_url"], timeout=120) as picture:
                assert picture.headers["content-type"] == "image/jpeg"
                assert picture.read(2) == b"\xff\xd8"
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=120)
        assert "Traceback" not in errors


def test_what_the_library_holds_is_a_match_and_what_it_lacks_is_none(sample_library: SampleLibrary, base: str) -> None:
    captions = [scene["captions"][0] for scene in scenes_of(sample_library).values()]
    held = [ask(base, {"query": caption, "top_k": 1, "explain": False})["verdict"] for caption in captions[:30]]
    lacked = [ask(base, {"query": f"a {thing}", "explain": False})["verdict"] for thing in ("giraffe", "lamp", "violin")]
    assert sum(verdict != "none" for verdict in held) >= 28
    assert lacked == ["none"] * 3


def test_a_hit_in_depth_says_which_words_and_where(sample_library: SampleLibrary, base: str) -> None:
    scenes = scenes_of(sample_library)
    [found] = ask(base, {"query": "a boat", "top_k": 1, "explain": False})["results"]
    [result] = ask(base, {"query": "a boat", "ids": [found["id"]], "heatmap": True}, "explain")["results"]
    assert result["match_probability"] == found["match_probability"]
    [word] = result["evidence"]["words"]
    assert (word["word"], word["share"]) == ("boat", 1.0)
    heatmap = result["evidence"]["heatmap"]
    hottest = max(range(49), key=lambda at: heatmap["contributions"][at // 7][at % 7])
    x, y = (hottest % 7 + 0.5) / 7, (hottest // 7 + 0.5) / 7
    boats = [box for box in scenes[found["image_path"]]["boxes"] if box["object"] == "boat"]
    assert any(box["x0"] - 0.1 <= x <= box["x1"] + 0.1 and box["y0"] - 0.1 <= y <= box["y1"] + 0.1 for box in boats)
    assert result["evidence"]["occlusion"]["holds"]


def test_searches_side_by_side_answer_as_one_after_the_other(base: str) -> None:
    from concurrent.futures import ThreadPoolExecutor

    queries = ["a castle", "two ducks", "a kite at night", "a red house", "a cat in the rain", "the sea"] * 4
    with ThreadPoolExecutor(8) as pool:
        alone = {query: [hit["id"] for hit in ask(base, {"query": query})["results"]] for query in set(queries)}
        together = list(pool.map(lambda query: [hit["id"] for hit in ask(base, {"query": query})["results"]], queries))
    assert together == [alone[query] for query in queries]


def test_lambda_answers_a_function_url_event(sample_library: SampleLibrary) -> None:
    event = {
        "version": "2.0",
        "rawPath": "/search",
        "rawQueryString": "",
        "headers": {"content-type": "application/json", "host": "x.lambda-url.eu-central-1.on.aws"},
        "requestContext": {"http": {"method": "POST", "path": "/search", "sourceIp": "192.0.2.1", "protocol": "HTTP/1.1"}},
        "body": json.dumps({"query": "a castle", "top_k": 2}),
        "isBase64Encoded": False,
    }
    script = f"import json, handler\nprint(json.dumps(handler.handler({event!r}, None)))"
    command = [sys.executable, "-c", script]
    printed = subprocess.run(command, env=sample_library.environment, capture_output=True, text=True, check=True)
    answer = json.loads(printed.stdout)
    assert answer["statusCode"] == 200
    assert len(json.loads(answer["body"])["results"]) == 2


def test_without_a_key_a_search_asks_nobody_on_the_network(sample_library: SampleLibrary) -> None:
    script = (
        "import sys\n"
        "asked = []\n"
        "watched = ('socket.connect', 'socket.getaddrinfo', 'socket.sendto', 'socket.gethostbyname')\n"
        "sys.addaudithook(lambda event, given: asked.append(event) if event in watched else None)\n"
        "from runtime.bootstrap import open_engine\nfrom runtime.settings import Settings\n"
        "engine = open_engine(Settings.read())\n"
        "hits = engine.search(engine.limits.check_search('a castle', 3)).hits\n"
        "print(len(hits), asked)"
    )
    command = [sys.executable, "-c", script]
    printed = subprocess.run(command, env=sample_library.environment, capture_output=True, text=True, check=True)
    assert printed.stdout.strip() == "3 []"
