"""A library whose rows an engine holds, such as Milvus: what is asked of it, and the library over its answers."""
