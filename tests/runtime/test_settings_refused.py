"""Settings that cannot be used are refused in plain words, all at once."""

import re

import pytest

import lookwhy
from runtime.errors import SettingInvalid
from runtime.settings import Settings
from runtime.settings.accepted_values import SettingsInvalid


@pytest.mark.parametrize(
    ("variable", "value", "accepted"),
    [
        ("TOP_K_DEFAULT", "-1", "give a whole number of 1 or more"),
        ("TOP_K_MAX", "ten", "give a whole number from 1 to 1000"),
        ("THREADS", "1.5", "give a whole number from 1 to 256"),
        ("THREADS", "1" * 5000, "give a whole number from 1 to 256"),
        ("RELOAD_CHECK_S", "soon", "give a number from 0 to 86400"),
        ("GROQ_TIMEOUT_S", "nan", "give a number above 0 and at most 120"),
        ("LOG_QUERIES", "maybe", "give true or false"),
        ("LOG_LEVEL", "loud", "give DEBUG, INFO, WARNING or ERROR"),
        ("METRICS", "perhaps", "give on, off or HOST:PORT"),
        ("INDEX_URL", "http://bucket", "give s3://BUCKET or s3://BUCKET/PREFIX"),
        ("STORE", "redis://a/b", "give milvus://HOST:19530/COLLECTION, milvus+tls:// likewise, or s3vectors://BUCKET/INDEX"),
    ],
)
def test_what_a_setting_takes_is_said_in_plain_words(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, accepted: str
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(SettingInvalid, match=rf"cannot be used: {re.escape(accepted)}\.$"):
        Settings.read()


def test_no_setting_is_refused_in_the_words_of_the_validation_library() -> None:
    for name, field in Settings.model_fields.items():
        assert not any(hasattr(rule, "pattern") for rule in field.metadata) or field.description, name


def test_all_settings_that_cannot_be_used_are_named_at_once_and_no_secret_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable, value in (("THREADS", "many"), ("ACCESS_TOKEN", "letmein"), ("LOG_QUERIES", "maybe")):
        monkeypatch.setenv(variable, value)
    with pytest.raises(SettingsInvalid) as refusal:
        Settings.read()
    assert [fault.variable for fault in refusal.value.faults] == ["THREADS", "ACCESS_TOKEN", "LOG_QUERIES"]
    first, *lines = str(refusal.value).splitlines()
    assert first == "3 settings cannot be used."
    assert [line.split()[0].split("=")[0] for line in lines] == ["THREADS", "ACCESS_TOKEN", "LOG_QUERIES"]
    assert "letmein" not in str(refusal.value)


@pytest.mark.parametrize("name", ["index_dir", "models_dir", "images_dir", "fetch_dir", "frontend_dir"])
@pytest.mark.parametrize("given", ["", " "])
def test_an_empty_path_is_not_the_current_folder(name: str, given: str) -> None:
    with pytest.raises(SettingInvalid, match="it is empty; name a file or a folder"):
        Settings.read(**{name: given})


def test_a_library_is_not_opened_by_an_empty_name() -> None:
    with pytest.raises(SettingInvalid, match="INDEX_DIR='' cannot be used: it is empty"):
        lookwhy.open("")
