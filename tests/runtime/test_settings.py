"""Settings: a flag wins over the environment, the environment over `.env`; a bad value is named."""

import re
from pathlib import Path

import pytest

from runtime.errors import SettingInvalid
from runtime.settings import OWN_INDEX, OWN_MODELS, SAMPLE_INDEX, SAMPLE_MODELS, Settings


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
    ],
)
def test_a_bad_value_is_named_with_what_was_given(monkeypatch: pytest.MonkeyPatch, variable: str, value: str) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(SettingInvalid, match=re.escape(f"{variable}='{value}'")):
        Settings.read()


def test_the_key_never_shows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GROQ_API_KEY", "a-secret-key")
    assert "a-secret-key" not in repr(Settings.read())


def test_an_empty_variable_counts_as_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GROQ_API_KEY", "")
    monkeypatch.setenv("MODELS_DIR", "")
    settings = Settings.read()
    assert settings.groq_api_key is None
    assert settings.models_dir is None


def test_without_artefacts_of_ones_own_the_sample_is_used() -> None:
    assert Settings.read().artefact_dirs() == (SAMPLE_MODELS, SAMPLE_INDEX)


def test_models_without_an_index_do_not_part_the_sample_from_its_models() -> None:
    touch(OWN_MODELS / "manifest.json")
    assert Settings.read().artefact_dirs() == (SAMPLE_MODELS, SAMPLE_INDEX)


def test_an_index_of_ones_own_goes_with_the_models_it_was_made_with() -> None:
    touch(OWN_INDEX / "manifest.json")
    assert Settings.read().artefact_dirs() == (SAMPLE_MODELS, OWN_INDEX)
    touch(OWN_MODELS / "manifest.json")
    assert Settings.read().artefact_dirs() == (OWN_MODELS, OWN_INDEX)


def touch(path: Path) -> None:
    path.parent.mkdir(parents=True)
    path.write_text("{}")
