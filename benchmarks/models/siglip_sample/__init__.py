"""A sibling of the sample CLIP in SigLIP's form, trained on storybook scenes. Its weights are not shipped."""
