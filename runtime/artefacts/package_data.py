"""What travels with the program, the page and the sample models: where they lie, and how sample models are recognised.

In a checkout they lie beside the packages; installed, inside this one (pyproject.toml puts them there).
"""

from pathlib import Path

from runtime.artefacts.manifest import ModelsManifest

PACKAGE = Path(__file__).resolve().parent.parent
# The tokenizers of the sample models, by sha256. Their few hundred words, those of the drawn scenes, are what tells sample
# models from all others: they stay the same when the folder is copied, and when the models are trained anew.
SAMPLE_TOKENIZERS = frozenset(
    {
        "d7b4f1b443949bf576e4c939f2fe3604ff89213b49a88f352bbf9b53a8eaf2d9",  # CLIP's before it was written as arrays
        "d60b93f5d83f27cb84844d795bd2e99039f8cd4a1e0a0e2d63630bfd1baa5e98",
        "7a0df276df1e85d71cba0f9237832d45dce4150a70bf4cb2fa164b614db16892",  # BLIP's
    }
)


def embedded_folder(name: str) -> Path:
    """Return a folder that travels with the program, such as "frontend": inside this package, else beside it."""
    inside = PACKAGE / "embedded" / name
    return inside if inside.is_dir() else PACKAGE.parent / name


def sample_models_dir() -> Path:
    """Return the folder of the sample models."""
    return embedded_folder("sample/models")


def name_models(models_dir: Path) -> str:
    """Return what a person reads for a folder of models."""
    return "the sample models" if models_dir == sample_models_dir() else str(models_dir)


def are_sample_models(models: ModelsManifest) -> bool:
    """Return whether these are models of the storybook world, wherever they lie and whenever they were trained."""
    records = [models.clip.tokenizer, *([models.blip.tokenizer] if models.blip else [])]
    return any(record.sha256 in SAMPLE_TOKENIZERS for record in records)
