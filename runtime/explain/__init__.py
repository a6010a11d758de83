"""Why a picture matched, in one sentence: from the evidence, or written by Groq."""
