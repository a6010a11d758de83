"""What differs between CLIP and BLIP on export."""

from pathlib import Path

import pytest
from torch import nn
from torch.nn.modules.module import register_module_forward_pre_hook

from export.models.checkpoints import open_checkpoint, read_model
from export.models.exporters import BlipExporter, ClipExporter

pytestmark = pytest.mark.torch


def test_constructing_an_exporter_runs_no_model(clip_folder: Path, blip_folder: Path) -> None:
    clip, blip = open_checkpoint(str(clip_folder), "clip"), open_checkpoint(str(blip_folder), "blip")
    clip_model, blip_model = read_model(clip), read_model(blip)
    called: list[nn.Module] = []
    hook = register_module_forward_pre_hook(lambda module, _: called.append(module))
    try:
        exporter = ClipExporter(clip, clip_model)
        BlipExporter(blip, blip_model)
        assert not called
        exporter.run_model(clip_model)
        assert called
    finally:
        hook.remove()
