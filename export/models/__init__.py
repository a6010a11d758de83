"""Exports checkpoints as checked ONNX graphs. Only this package and `storybook`'s training import torch."""
