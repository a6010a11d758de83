"""Facts of the deployment, read once from the environment or `.env`. Facts of a model are its manifest's.

Only the command lines, `handler.py` and `api.py` read settings; every other room gets what it needs as an argument.
"""

import json
import os
import re
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict, SettingsError

from runtime.artefacts.fingerprint import are_same_models
from runtime.artefacts.manifest import MANIFEST_NAME, read_models_manifest
from runtime.artefacts.package_data import embedded_folder, sample_models_dir
from runtime.artefacts.remote.fetch_dir import default_fetch_dir
from runtime.errors import LookwhyError, SettingInvalid
from runtime.settings import accepted_values
from runtime.settings.accepted_values import check_each, invalid_settings, is_host_name, is_origin, named_place
from runtime.settings.env_file import check_env_file

OWN_MODELS, OWN_INDEX = Path("artifacts/models"), Path("artifacts/index")
OWN_PLACES = Path("artifacts/places.npz")  # the table of towns that the export side names positions by
SAMPLE_INDEX = Path("artifacts/sample/index")
SAMPLE_NAME = "sample"  # names the embedded sample models wherever a models' folder is taken; ./sample is a folder
TOKEN_MIN_CHARS, TOKEN_MIN_DIFFERENT = 16, 6
TOKEN_ACCEPTED = (
    f"it must have {TOKEN_MIN_CHARS} characters or more, {TOKEN_MIN_DIFFERENT} of them different, all ASCII, none a space. "
    'Make one with: python -c "import secrets; print(secrets.token_urlsafe())"'
)
SECRETS = {"access_token", "groq_api_key", "milvus_token"}  # whose values no message shows
ENV_FILE, SECRETS_DIR = Path(".env"), Path("/run/secrets")  # where container engines put files of secrets
PORT_MAX = 65_535
STORE_URL = r"^(milvus(\+tls)?|s3vectors)://[^/@\s]+/[\w.-]+$"  # the engine's kind has more to say of it
RATE_LIMIT = r"^[1-9][0-9]{0,5}/(second|minute|hour)$"
S3_URL = r"^s3://[a-z0-9][a-z0-9.-]+(/.*)?$"


class Settings(BaseSettings):
    """Every setting, by its lower-case name; docs/settings.md has the table, and a test holds the two together."""

    model_config = SettingsConfigDict(
        env_file=ENV_FILE, env_file_encoding="utf-8-sig", extra="ignore", frozen=True, env_ignore_empty=True
    )

    models_dir: Path | None = None
    index_dir: Path | None = None
    images_dir: Path | None = None
    image_base_url: str | None = Field(default=None, pattern=r"^(https?://|/)", description=accepted_values.ADDRESS)
    preview_base_url: str | None = Field(default=None, pattern=r"^(https?://|/)", description=accepted_values.ADDRESS)
    originals_with_exif: bool = False
    models_url: str | None = Field(default=None, pattern=S3_URL, description=accepted_values.ON_S3)
    index_url: str | None = Field(default=None, pattern=S3_URL, description=accepted_values.ON_S3)
    store: str | None = Field(default=None, pattern=STORE_URL, description=accepted_values.STORE_ADDRESS)
    milvus_token: SecretStr | None = None
    images_url: str | None = Field(default=None, pattern=S3_URL, description=accepted_values.ON_S3)
    previews_url: str | None = Field(default=None, pattern=S3_URL, description=accepted_values.ON_S3)
    fetch_dir: Path = Field(default_factory=lambda: default_fetch_dir(os.environ))
    reload_check_s: float | None = Field(default=None, ge=0, le=86_400)
    frontend_dir: Path = Field(default_factory=lambda: embedded_folder("frontend"))
    groq_api_key: SecretStr | None = None
    groq_secret_id: str | None = None
    groq_model: str = "openai/gpt-oss-120b"
    groq_base_url: str | None = Field(default=None, pattern=r"^https?://", description=accepted_values.HTTP_ADDRESS)
    groq_max_tokens: int = Field(default=1024, ge=64, le=65_536)
    groq_timeout_s: float = Field(default=8.0, gt=0, le=120)
    groq_cache_size: int = Field(default=2048, ge=0, le=1_000_000)
    explain_with_pictures: bool = False
    top_k_default: int = Field(default=5, ge=1)
    top_k_max: int = Field(default=100, ge=1, le=1000, validate_default=True)
    query_max_chars: int = Field(default=1000, ge=1)
    query_cache_size: int = Field(default=1024, ge=0, le=1_000_000)
    queue_max: int = Field(default=128, ge=0, le=10_000)
    body_max_bytes: int = Field(default=4_500_000, ge=1000)
    upload_max_pixels: int = Field(default=50_000_000, ge=10_000, le=1_000_000_000)
    picture_max_pixels: int = Field(default=150_000_000, ge=10_000, le=1_000_000_000)
    decode_memory_mb: int | None = Field(default=None, ge=64, le=1_000_000)
    index_memory_mb: int | None = Field(default=None, ge=16, le=1_000_000)
    threads: int | None = Field(default=None, ge=1, le=256)
    cors_origins: str = ""
    behind_cloudfront: bool = False
    root_path: str | None = Field(default=None, pattern=r"^(/[\w.~-]+)+/?$", description="a path, such as /photos")
    access_token: SecretStr | None = None
    allowed_hosts: str = ""
    rate_limit: str | None = Field(default=None, pattern=RATE_LIMIT, description=accepted_values.RATE)
    forwarded_allow_ips: str = "127.0.0.1,::1"
    metrics: str = Field(default="on", pattern=r"^(on|off|[^/\s]*:\d{1,5})$", description="on, off or HOST:PORT")
    log_level: str = Field(default="INFO", pattern=r"(?i)^(debug|info|warning|error)$", description=accepted_values.LEVELS)
    log_format: str = Field(default="text", pattern=r"^(text|json)$", description="text or json")
    log_queries: bool = False

    @field_validator("models_dir", mode="before")
    @classmethod
    def _models_by_name(cls, value: object) -> object:
        return models_folder(value) if isinstance(value, str) else value

    @field_validator("index_dir", "images_dir", "fetch_dir", "frontend_dir", mode="before")
    @classmethod
    def _named(cls, value: object) -> object:
        return named_place(value) if isinstance(value, str) else value

    @field_validator("access_token")
    @classmethod
    def _hard_to_guess(cls, token: SecretStr | None) -> SecretStr | None:
        given = token.get_secret_value() if token else None
        if given is not None and (
            len(given) < TOKEN_MIN_CHARS or len(set(given)) < TOKEN_MIN_DIFFERENT or not re.fullmatch(r"[!-~]+", given)
        ):
            raise ValueError(TOKEN_ACCEPTED)
        return token

    @field_validator("allowed_hosts")
    @classmethod
    def _names_alone(cls, names: str) -> str:
        check_each(names, is_host_name, "is no name; give names such as photos.example.com or *.example.com, without port")
        return names

    @field_validator("cors_origins")
    @classmethod
    def _origins_alone(cls, origins: str) -> str:
        check_each(origins, is_origin, "is no origin; give such as https://photos.example.com, without a path, or *")
        return origins

    @field_validator("image_base_url", "preview_base_url")
    @classmethod
    def _an_address(cls, value: str | None) -> str | None:
        try:
            parts = urlsplit(value or "")
            _ = parts.port, (parts.hostname or "").encode("idna")
        except ValueError as cause:
            raise ValueError(f"it is no address; give {accepted_values.ADDRESS}") from cause
        return value

    @field_validator("metrics")
    @classmethod
    def _with_a_port(cls, value: str) -> str:
        _, colon, port = value.rpartition(":")
        if colon and not 1 <= int(port) <= PORT_MAX:
            raise ValueError(f"a port is a number from 1 to {PORT_MAX}")
        return value

    @field_validator("top_k_max")
    @classmethod
    def _at_least_the_default(cls, top_k_max: int, info: ValidationInfo) -> int:
        if top_k_max < info.data.get("top_k_default", 1):
            raise ValueError(f"it is below TOP_K_DEFAULT, {info.data['top_k_default']}; raise it, or lower that")
        return top_k_max

    @field_validator(
        "image_base_url", "preview_base_url", "models_url", "index_url", "images_url", "previews_url", "root_path"
    )
    @classmethod
    def _without_last_slash(cls, value: str | None) -> str | None:
        return value.rstrip("/") if value else None

    @property
    def metrics_address(self) -> tuple[str, int] | None:
        """Host and port at which the metrics alone are shown; None where `metrics` names none. An empty host means all."""
        host, colon, port = self.metrics.rpartition(":")
        return (host.strip("[]"), int(port)) if colon else None

    @property
    def shown_previews_url(self) -> str | None:
        """What previews' names are appended to; None where pictures are shown from elsewhere, and previews nowhere."""
        is_elsewhere = self.image_base_url is not None and not self.image_base_url.startswith("/")
        return self.preview_base_url or (None if is_elsewhere else "/previews")

    @classmethod
    def read(cls, **flags: Any) -> Self:  # noqa: ANN401 (any field's type)
        """Return the settings: what stands first wins: a flag that is not None, the environment, `.env`, a secret's file.

        Raises:
            SettingInvalid: values cannot be used, all of which are named, or a file of them cannot be read.
        """
        check_env_file(ENV_FILE, cls.model_fields)
        given = {name: value for name, value in flags.items() if value is not None}
        try:
            folder = SECRETS_DIR if SECRETS_DIR.is_dir() else None
            return cls(_secrets_dir=folder, **given)  # type: ignore[call-arg]  # pydantic-settings' own, no setting
        except SettingsError as cause:  # names the setting, not its value
            raise SettingInvalid(str(SECRETS_DIR), None, f"{cause}. Let this user read its files, as UTF-8") from cause
        except ValidationError as cause:
            raise invalid_settings(cause, cls.model_fields, SECRETS) from None

    def artefact_dirs(self) -> tuple[Path, Path]:
        """Return the folders of models and index that go together.

        What is set wins. Otherwise an index under `artifacts/` is used with the models that made it: those exported there,
        or the sample's; and without an index of one's own, the sample library is.
        """
        own = (
            self.index_url is not None or self.store is not None or has_manifest(OWN_INDEX) or not has_manifest(SAMPLE_INDEX)
        )
        index_dir = self.index_dir or (OWN_INDEX if own else SAMPLE_INDEX)
        return self.models_dir or _models_of(index_dir), index_dir


def models_folder(given: str) -> Path:
    """Return the folder that a `--models` or MODELS_DIR names: the embedded sample models for "sample", else that folder.

    Raises:
        ValueError: it is empty.
    """
    return sample_models_dir() if given == SAMPLE_NAME else Path(named_place(given))


def has_manifest(folder: Path) -> bool:
    """Return whether there is an artefact in the folder."""
    return (folder / MANIFEST_NAME).is_file()


def _models_of(index_dir: Path) -> Path:
    """Return the models to open an index with where none are named: the sample's if they made it, else the exported ones.

    Whether they fit is checked where they are opened; what cannot be read is refused there.
    """
    if index_dir == SAMPLE_INDEX or not has_manifest(OWN_MODELS):
        return sample_models_dir()
    try:
        made_by = json.loads((index_dir / MANIFEST_NAME).read_bytes())["models"]
        sample = read_models_manifest(sample_models_dir()).fingerprint()
    except (OSError, ValueError, TypeError, KeyError, LookwhyError):
        return OWN_MODELS
    return sample_models_dir() if are_same_models(made_by, sample) else OWN_MODELS
