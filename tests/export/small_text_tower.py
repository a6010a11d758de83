"""A small multilingual text tower with random weights over a small CLIP, saved in the layout of sentence-transformers."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers
from transformers import CLIPModel, CLIPTokenizerFast, DistilBertConfig, DistilBertModel, DistilBertTokenizerFast

from export.models.mean_pooled_text import embed_with_torch
from export.models.shared_space import TEXTS

SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
CONTEXT = 24
SCRIPTS = (
    "a red boat at sunset and two birds above the house",
    "ein rotes Boot am See, Straße 1887",
    "un bateau rouge à côté d'une maison",
    "夕暮れの赤い船",
    "红色的船在海边",
    "красная лодка на закате",
    "ένα κόκκινο καράβι στη θάλασσα",
    "قارب أحمر على الماء",
    "लाल नाव और दो पक्षी",
    "เรือสีแดงบนน้ำ",
    "빨간 배와 두 마리 새",
    "סירה אדומה",
)


def save_text_tower(folder: Path, clip: Path, *, dimension: int | None = None, bias: bool = False) -> None:
    """Save a tower whose vectors of the English texts that are compared are those of the CLIP in the folder `clip`.

    With another `dimension`, its projection is random.
    """
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer = save_tokenizer(folder)
    torch.manual_seed(1)
    config = DistilBertConfig(
        vocab_size=len(tokenizer), dim=32, hidden_dim=64, n_layers=2, n_heads=2, max_position_embeddings=40
    )
    model = DistilBertModel(config).eval()
    for name, weight in model.named_parameters():
        weight.data += (0.3 if name.endswith("bias") or "norm" in name.lower() else 0.1) * torch.randn_like(weight)
    model.save_pretrained(folder)
    wanted = _vectors_of_clip(clip)
    if dimension is None:
        save_modules(folder, _aligned(model, tokenizer, wanted, bias=bias))
    else:
        save_modules(folder, torch.nn.Linear(config.dim, dimension, bias=bias))


def save_tokenizer(folder: Path) -> DistilBertTokenizerFast:
    """Save a tokenizer of the form of multilingual BERT's: word pieces, capitals and accents kept, Chinese letters alone."""
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=False, strip_accents=False)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    trainer = trainers.WordPieceTrainer(vocab_size=400, special_tokens=SPECIAL, show_progress=False)
    tokenizer.train_from_iterator([*SCRIPTS, *TEXTS], trainer)
    entries = sorted(tokenizer.get_vocab().items(), key=lambda entry: entry[1])
    (folder / "vocab.txt").write_text("".join(f"{word}\n" for word, _ in entries), "utf-8")
    saved = DistilBertTokenizerFast(str(folder / "vocab.txt"), do_lower_case=False, strip_accents=False)
    saved.save_pretrained(folder)
    return saved


def save_modules(folder: Path, projection: torch.nn.Linear, *, pooling: str = "mean_tokens") -> None:
    """Save what sentence-transformers keeps beside the model."""
    kinds = ("Transformer", "Pooling", "Dense")
    paths = ("", "1_Pooling", "2_Dense")
    modules = [
        {"idx": at, "name": str(at), "path": path, "type": f"sentence_transformers.models.{kind}"}
        for at, (kind, path) in enumerate(zip(kinds, paths, strict=True))
    ]
    for path in paths[1:]:
        (folder / path).mkdir(exist_ok=True)
    pooled = {f"pooling_mode_{name}": name == pooling for name in ("cls_token", "mean_tokens", "max_tokens")}
    dense = {
        "in_features": projection.in_features,
        "out_features": projection.out_features,
        "bias": projection.bias is not None,
        "activation_function": "torch.nn.modules.linear.Identity",
    }
    files = {
        "modules.json": modules,
        "sentence_bert_config.json": {"max_seq_length": CONTEXT, "do_lower_case": False},
        "1_Pooling/config.json": {"word_embedding_dimension": projection.in_features, **pooled},
        "2_Dense/config.json": dense,
    }
    for name, content in files.items():
        (folder / name).write_text(json.dumps(content), "utf-8")
    torch.save(
        {f"linear.{name}": weight for name, weight in projection.state_dict().items()}, folder / "2_Dense/pytorch_model.bin"
    )


def _aligned(
    model: DistilBertModel, tokenizer: DistilBertTokenizerFast, wanted: torch.Tensor, *, bias: bool
) -> torch.nn.Linear:
    """Return the projection of least squares from the means of the texts' tokens to the wanted vectors."""
    identity = torch.nn.Linear(model.config.dim, model.config.dim, bias=False)
    identity.weight.data = torch.eye(model.config.dim)
    texts: Sequence[np.ndarray] = [np.array([tokenizer(text)["input_ids"]]) for text in TEXTS]
    means = torch.from_numpy(embed_with_torch(model, identity, texts, tokenizer.pad_token_id))
    projection = torch.nn.Linear(model.config.dim, wanted.shape[1], bias=bias)
    projection.weight.data = torch.linalg.lstsq(means, wanted).solution.T.contiguous()
    if projection.bias is not None:
        projection.bias.data = 0.01 * torch.randn_like(projection.bias)
    return projection


@torch.inference_mode()
def _vectors_of_clip(clip: Path) -> torch.Tensor:
    model, tokenizer = CLIPModel.from_pretrained(clip).eval(), CLIPTokenizerFast.from_pretrained(clip)
    limit = model.config.text_config.max_position_embeddings
    rows = [tokenizer(text, truncation=True, max_length=limit, return_tensors="pt")["input_ids"] for text in TEXTS]
    return torch.nn.functional.normalize(torch.cat([model.get_text_features(row) for row in rows]), dim=-1)
