"""Checkpoints to checked ONNX graphs. The only package, beside `storybook.train`, that imports torch."""
