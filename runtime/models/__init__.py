"""The ONNX graphs and how they are run: CLIP, BLIP, tokenizers, beam search, batching."""
