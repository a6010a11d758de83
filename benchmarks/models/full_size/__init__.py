"""CLIP and BLIP in full size with random weights: every export, its size, its speed, what it lost."""
