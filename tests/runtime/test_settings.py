"""Settings: a flag wins over the environment, the environment over `.env`; a bad value is named."""

import json
import os
import re
from pathlib import Path

import pytest

from runtime.artefacts.manifest import read_models_manifest
from runtime.artefacts.package_data import sample_models_dir
from runtime.errors import SettingInvalid
from runtime.settings import OWN_INDEX, OWN_MODELS, SAMPLE_INDEX, Settings

SAMPLE_MODELS = sample_models_dir()


@pytest.fixture(autouse=True)
def in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)


def test_a_flag_wins_over_the_environment_and_that_over_the_env_file(monkeypatch: pytest.MonkeyPatch) -> None:
    Path(".env").write_text("TOP_K_DEFAULT=3\nGROQ_MODEL=from-file\nQUERY_MAX_CHARS=33\n")
    monkeypatch.setenv("TOP_K_DEFAULT", "4")
    monkeypatch.setenv("GROQ_MODEL", "from-environment")
    settings = Settings.read(top_k_default=5, groq_model=None)
    assert (settings.top_k_default, settings.groq_model, settings.query_max_chars) == (5, "from-environment", 33)


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("TOP_K_DEFAULT", "0"),
        ("TOP_K_DEFAULT", "many"),
        ("THREADS", "-1"),
        ("QUEUE_MAX", "-1"),
        ("QUERY_CACHE_SIZE", "few"),
        ("GROQ_TIMEOUT_S", "0"),
        ("IMAGE_BASE_URL", "ftp://pictures"),
        ("LOG_LEVEL", "loud"),
        ("EXPLAIN_WITH_PICTURES", "some"),
        ("ALLOWED_HOSTS", "https://photos.example.com"),
        ("ALLOWED_HOSTS", "photos.example.com:8000"),
        ("ALLOWED_HOSTS", "good.example,*bad.example"),
        ("ALLOWED_HOSTS", "a b.example"),
        ("ALLOWED_HOSTS", f"{'x' * 64}.example"),
        ("IMAGE_BASE_URL", "http://pictures:port/x"),
        ("IMAGE_BASE_URL", "http://[::1/x"),
        ("IMAGE_BASE_URL", f"http://{'x' * 64}.example"),
        ("RATE_LIMIT", "60"),
        ("RATE_LIMIT", "0/minute"),
        ("RATE_LIMIT", "60/day"),
        ("RATE_LIMIT", "often"),
        ("CORS_ORIGINS", "photos.example.com"),
        ("CORS_ORIGINS", "https://a.example, https://b.example/photos"),
    ],
)
def test_a_bad_value_is_named_with_what_was_given(monkeypatch: pytest.MonkeyPatch, variable: str, value: str) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(SettingInvalid, match=re.escape(f"{variable}='{value}'")):
        Settings.read()


@pytest.mark.parametrize("origins", ["", "*", "null", "https://a.example, http://[::1]:80/", "chrome-extension://abc"])
def test_origins_of_pages_are_taken(monkeypatch: pytest.MonkeyPatch, origins: str) -> None:
    monkeypatch.setenv("CORS_ORIGINS", origins)
    assert Settings.read().cors_origins == origins


def test_the_key_never_shows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GROQ_API_KEY", "a-secret-key")
    assert "a-secret-key" not in repr(Settings.read())


GOOD_TOKEN = "n0t-Easy.to_guess"


@pytest.mark.parametrize(
    "token", ["x", "letmein", GOOD_TOKEN[:15], "a" * 40, "abcde" * 8, f"{GOOD_TOKEN} ", f"ü{GOOD_TOKEN}"]
)
def test_a_weak_token_is_refused_without_being_shown(monkeypatch: pytest.MonkeyPatch, token: str) -> None:
    monkeypatch.setenv("ACCESS_TOKEN", token)
    with pytest.raises(SettingInvalid, match=r"^ACCESS_TOKEN cannot be used: it must have 16 characters") as refusal:
        Settings.read()
    assert token == "x" or token not in str(refusal.value)
    assert "secrets.token_urlsafe()" in str(refusal.value)


def test_a_token_that_is_hard_to_guess_is_taken_and_never_shows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACCESS_TOKEN", GOOD_TOKEN)
    settings = Settings.read()
    assert settings.access_token is not None
    assert settings.access_token.get_secret_value() == GOOD_TOKEN
    assert GOOD_TOKEN not in repr(settings)


@pytest.mark.parametrize("names", ["", "*", "photos.example.com", "a.example, *.b.example ,bücher.example.", "192.168.0.1"])
def test_names_of_the_server_are_taken(monkeypatch: pytest.MonkeyPatch, names: str) -> None:
    monkeypatch.setenv("ALLOWED_HOSTS", names)
    assert Settings.read().allowed_hosts == names


def test_an_empty_variable_counts_as_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GROQ_API_KEY", "")
    monkeypatch.setenv("MODELS_DIR", "")
    settings = Settings.read()
    assert settings.groq_api_key is None
    assert settings.models_dir is None


def test_without_artefacts_of_ones_own_the_sample_is_used() -> None:
    touch(SAMPLE_INDEX / "manifest.json")
    assert Settings.read().artefact_dirs() == (SAMPLE_MODELS, SAMPLE_INDEX)


def test_models_without_an_index_do_not_part_the_sample_from_its_models() -> None:
    touch(SAMPLE_INDEX / "manifest.json")
    touch(OWN_MODELS / "manifest.json")
    assert Settings.read().artefact_dirs() == (SAMPLE_MODELS, SAMPLE_INDEX)


def test_without_any_index_the_one_to_build_is_named() -> None:
    assert Settings.read().artefact_dirs() == (SAMPLE_MODELS, OWN_INDEX)


def test_an_index_of_ones_own_goes_with_the_models_it_was_made_with() -> None:
    touch(OWN_INDEX / "manifest.json")
    assert Settings.read().artefact_dirs() == (SAMPLE_MODELS, OWN_INDEX)
    touch(OWN_MODELS / "manifest.json")
    assert Settings.read().artefact_dirs() == (OWN_MODELS, OWN_INDEX)


@pytest.mark.parametrize("index", [OWN_INDEX, Path("elsewhere")])
def test_an_index_made_with_the_sample_models_stays_with_them_when_others_were_exported(index: Path) -> None:
    touch(OWN_MODELS / "manifest.json")
    index.mkdir(parents=True)
    made_by = read_models_manifest(SAMPLE_MODELS).fingerprint()
    (index / "manifest.json").write_text(json.dumps({"models": made_by}))
    assert Settings.read(index_dir=index).artefact_dirs() == (SAMPLE_MODELS, index)
    (index / "manifest.json").write_text(json.dumps({"models": made_by | {"clip/text.onnx": "0" * 64}}))
    assert Settings.read(index_dir=index).artefact_dirs() == (OWN_MODELS, index)


def test_the_word_sample_names_the_embedded_models_and_a_path_to_a_folder_of_that_name_the_folder(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    touch(Path("sample/manifest.json"))
    monkeypatch.setenv("MODELS_DIR", "sample")
    assert Settings.read().models_dir == SAMPLE_MODELS
    monkeypatch.setenv("MODELS_DIR", "./sample")
    assert Settings.read().models_dir == Path("sample")


WRITTEN = "# Größe\nexport TOP_K_DEFAULT='7'\r\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_an_env_file_in_utf_8_is_read_with_or_without_its_mark(encoding: str) -> None:
    Path(".env").write_bytes(f"TOP_K_DEFAULT=3\n{WRITTEN}QUERY_MAX_CHARS=33".encode(encoding))
    assert (Settings.read().top_k_default, Settings.read().query_max_chars) == (7, 33)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "latin-1", "utf-32", "utf-32-le"])
def test_an_env_file_in_another_encoding_is_refused_by_name(encoding: str) -> None:
    Path(".env").write_bytes(WRITTEN.encode(encoding))
    with pytest.raises(SettingInvalid, match=r"^\.env cannot be used: it is not UTF-8\. Save it as UTF-8\.$"):
        Settings.read()


@pytest.mark.parametrize(
    "line",
    [
        'ACCESS_TOKEN="abcdefghijk123456',
        "export access_token='abcdefghijk123456",
        "ACCESS_TOKEN='it''s a secret 12345'",
        "“ACCESS_TOKEN”=abcdefghijk123456",
        "“ACCESS_TOKEN=abcdefghijk123456",
        "ACCESS_TOKEN=“abcdefghijk123456”",
    ],
)
def test_a_setting_in_an_env_file_that_would_be_left_out_is_refused_and_not_shown(line: str) -> None:
    Path(".env").write_text(f"# mine\n\nTOP_K_DEFAULT=3\n{line}\nQUERY_MAX_CHARS=33\n", "utf-8")
    with pytest.raises(SettingInvalid, match=r"(?i)^\.env cannot be used: line \d \(access_token\)") as refused:
        Settings.read()
    assert "123" not in str(refused.value)


def test_lines_of_other_programs_in_an_env_file_are_passed_over() -> None:
    others = 'OTHER="unclosed\nsource x.sh\n=1\n# ACCESS_TOKEN="\nMY_ACCESS_TOKEN=x"\n'
    Path(".env").write_text(f"{others}'TOP_K_DEFAULT'=3\nGROQ_MODEL=\"a ‘b’\nc\"\n", "utf-8")
    assert (Settings.read().top_k_default, Settings.read().groq_model) == (3, "a ‘b’\nc")


def test_an_env_file_of_no_text_is_refused_by_name() -> None:
    Path(".env").write_bytes(bytes(range(256)))
    with pytest.raises(SettingInvalid, match=r"\.env"):
        Settings.read()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_an_env_file_of_somebody_else_is_refused_by_name() -> None:
    Path(".env").write_text("TOP_K_DEFAULT=3\n")
    Path(".env").chmod(0)
    with pytest.raises(SettingInvalid, match=r"\.env cannot be used: Permission denied"):
        Settings.read()


def test_a_folder_named_env_is_passed_over() -> None:
    Path(".env").mkdir()
    assert Settings.read().top_k_default == 5


def touch(path: Path) -> None:
    path.parent.mkdir(parents=True)
    path.write_text("{}")


def test_pictures_are_shown_to_a_language_model_only_where_that_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Settings.read().explain_with_pictures is False
    monkeypatch.setenv("EXPLAIN_WITH_PICTURES", "true")
    assert Settings.read().explain_with_pictures is True


@pytest.mark.parametrize(("default", "most"), [("5", "3"), ("200", None)])
def test_no_more_pictures_by_default_than_may_be_asked_for(
    monkeypatch: pytest.MonkeyPatch, default: str, most: str | None
) -> None:
    monkeypatch.setenv("TOP_K_DEFAULT", default)
    if most:
        monkeypatch.setenv("TOP_K_MAX", most)
    with pytest.raises(SettingInvalid, match=rf"TOP_K_MAX=.* is below TOP_K_DEFAULT, {default}; raise it, or lower that"):
        Settings.read()
