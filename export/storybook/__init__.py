"""Storybook: draws scenes with exact captions and boxes, and trains the sample models on them.

    scenes ─ captions ─ facts ─ queries        what a picture shows, and texts that are true of it
    palette ─ canvas ─ {figures, skies, lands, layout} ─ drawing ─ {training_set, folder}     pixels
    recipe ─ {tokenizers, models, augment, patches} ─ stage ─ {blip_stage, clip_stage} ─ train     the models (torch)
    metrics ─ benchmark ─ reference            recall@k and caption F1 of any encoder and captioner
    commands                                   `draw` and `train`

Everything is determined by seeds: the same seed draws the same files and, on the same machine, trains the same models.
"""
