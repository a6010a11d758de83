"""A library on disk and how it is made: scan, plan, encode, journal, catalogue, generation. The verbs are one level up.

    index.py ─ scan ─ plan ─ encoding ─ journal ─ catalog ─ generation

Nothing here needs torch.
"""
