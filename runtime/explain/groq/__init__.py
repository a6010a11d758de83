"""Sentences written by Groq: the call, its prompt, the check of every sentence, and what happens when the call fails."""
