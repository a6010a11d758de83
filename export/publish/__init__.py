"""Models, index, pictures and page to the deployed stack. `python -m export.publish` is its command line."""
