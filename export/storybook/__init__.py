"""The sample world: draws storybook scenes with exact captions and boxes, and trains the sample models on them.

    scenes ─ captions ─ facts ─ queries        what a picture holds, and what can be said of it
    palette ─ canvas ─ {figures, skies, lands, layout} ─ drawing ─ {pool, folder}     pixels
    recipe ─ {tokenizers, models, augment, patches} ─ stage ─ {blip_stage, clip_stage} ─ train     the models (torch)
    metrics ─ benchmark ─ reference            recall@k and caption F1 of any encoder and captioner
    commands                                   `draw` and `train`

Everything follows from seeds: the same seed draws the same files and, on the same machine, trains the same models.
"""
