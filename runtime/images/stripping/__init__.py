"""Picture files without what they say of people and places, their pixels untouched: a module for each outer structure.

`original.py` tells the structures apart. Nothing here decodes, and nothing holds a whole file.
"""
