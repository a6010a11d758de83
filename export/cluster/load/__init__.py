"""Shards into an engine: FAISS files, Milvus, S3 Vectors."""
