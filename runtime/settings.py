"""Facts of the deployment, read once from the environment or `.env`. Facts of a model are its manifest's.

Only the command lines, `handler.py` and `api.py` read settings; every other room gets what it needs as an argument.
"""

from pathlib import Path
from typing import Any, Self

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from runtime.artefacts.manifest import MANIFEST_NAME
from runtime.errors import SettingInvalid

OWN_MODELS, OWN_INDEX = Path("artifacts/models"), Path("artifacts/index")
SAMPLE_MODELS, SAMPLE_INDEX = Path("sample/models"), Path("artifacts/sample/index")
S3_URL = r"^s3://[a-z0-9][a-z0-9.-]+(/.*)?$"


class Settings(BaseSettings):
    """Every setting, by its lower-case name; README.md has the table, and a test holds the two together."""

    model_config = SettingsConfigDict(env_file=".env", extra="ignore", frozen=True, env_ignore_empty=True)

    models_dir: Path | None = None
    index_dir: Path | None = None
    images_dir: Path | None = None
    image_base_url: str | None = Field(default=None, pattern=r"^(https?://|/)")
    models_url: str | None = Field(default=None, pattern=S3_URL)
    index_url: str | None = Field(default=None, pattern=S3_URL)
    images_url: str | None = Field(default=None, pattern=S3_URL)
    fetch_dir: Path = Path("/tmp/lookwhy")
    frontend_dir: Path = Path(__file__).resolve().parent.parent / "frontend"
    groq_api_key: SecretStr | None = None
    groq_secret_id: str | None = None
    groq_model: str = "openai/gpt-oss-120b"
    groq_base_url: str | None = Field(default=None, pattern=r"^https?://")
    groq_max_tokens: int = Field(default=1024, ge=64, le=65_536)
    groq_timeout_s: float = Field(default=8.0, gt=0, le=120)
    groq_cache_size: int = Field(default=2048, ge=0, le=1_000_000)
    top_k_default: int = Field(default=5, ge=1)
    top_k_max: int = Field(default=100, ge=1, le=1000)
    query_max_chars: int = Field(default=1000, ge=1)
    query_cache_size: int = Field(default=1024, ge=0, le=1_000_000)
    queue_max: int = Field(default=128, ge=0, le=10_000)
    body_max_bytes: int = Field(default=4_500_000, ge=1000)
    threads: int | None = Field(default=None, ge=1, le=256)
    cors_origins: str = ""
    log_level: str = Field(default="INFO", pattern=r"(?i)^(debug|info|warning|error)$")

    @field_validator("image_base_url", "models_url", "index_url", "images_url")
    @classmethod
    def _without_last_slash(cls, value: str | None) -> str | None:
        return value.rstrip("/") if value else None

    @classmethod
    def read(cls, **flags: Any) -> Self:  # noqa: ANN401 (any field's type)
        """Return the settings: a flag that is not None wins over the environment, the environment over `.env`.

        Raises:
            SettingInvalid: a value cannot be used; the first such is named.
        """
        given = {name: value for name, value in flags.items() if value is not None}
        try:
            return cls(**given)
        except ValidationError as cause:
            first = cause.errors()[0]
            variable = str(first["loc"][0]).upper()
            raise SettingInvalid(variable, str(first["input"]), first["msg"]) from None

    def artefact_dirs(self) -> tuple[Path, Path]:
        """Return the folders of models and index that go together.

        What is set wins. Otherwise an index under `artifacts/` is used with the models there, or with the sample's where
        none were exported; and without an index of one's own, the sample library is.
        """
        own = self.index_url is not None or (OWN_INDEX / MANIFEST_NAME).is_file()
        index_dir = self.index_dir or (OWN_INDEX if own else SAMPLE_INDEX)
        models_dir = self.models_dir or (default_models_dir() if index_dir != SAMPLE_INDEX else SAMPLE_MODELS)
        return models_dir, index_dir


def default_models_dir() -> Path:
    """Return the models that were exported here, else the sample's."""
    return OWN_MODELS if (OWN_MODELS / MANIFEST_NAME).is_file() else SAMPLE_MODELS
