"""CLIP and BLIP checkpoints with random weights, and outliers like those of real ones."""
