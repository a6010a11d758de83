"""The command `evaluate`: recall, caption scores, and agreement with the exact models, on pictures with human captions."""
