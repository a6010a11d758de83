"""Secrets as files, as container engines mount them."""

from pathlib import Path

import pytest

from runtime import settings
from runtime.errors import SettingInvalid
from runtime.settings import Settings


@pytest.fixture
def secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "secrets"
    folder.mkdir()
    monkeypatch.setattr(settings, "SECRETS_DIR", folder)
    return folder


def test_a_file_is_a_setting_without_the_end_of_its_line_and_the_environment_wins(
    secrets: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (secrets / "groq_api_key").write_text("gsk-of-a-file\n", "utf-8")
    (secrets / "kubernetes.io").mkdir()
    key = Settings.read().groq_api_key
    assert key is not None
    assert key.get_secret_value() == "gsk-of-a-file"
    monkeypatch.setenv("GROQ_API_KEY", "gsk-of-the-environment")
    key = Settings.read().groq_api_key
    assert key is not None
    assert key.get_secret_value() == "gsk-of-the-environment"


def test_a_short_token_in_a_file_is_refused_and_not_shown(secrets: Path) -> None:
    (secrets / "access_token").write_text("short-and-secret", "utf-8")
    assert Settings.read().access_token is not None
    (secrets / "access_token").write_text("short", "utf-8")
    with pytest.raises(SettingInvalid, match="ACCESS_TOKEN") as refused:
        Settings.read()
    assert "'short'" not in str(refused.value)


def test_a_file_that_may_not_be_read_is_named(secrets: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (secrets / "access_token").write_text("x" * 8 + "y" * 8, "utf-8")

    def refused(path: Path, *_arguments: object, **_named: object) -> str:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "read_text", refused)  # root, who runs tests in containers, may read everything
    with pytest.raises(SettingInvalid, match=r'secrets.*"access_token".*Let this user read'):
        Settings.read()


def test_without_the_folder_nothing_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "SECRETS_DIR", tmp_path / "none")
    assert Settings.read().groq_api_key is None
