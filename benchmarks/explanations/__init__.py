"""How well the check of a language model's sentences tells right ones from wrong ones."""
