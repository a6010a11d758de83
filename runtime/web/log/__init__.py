"""The log of a server: a limit on its lines, nothing private in them, as text or as JSON, and a line for each request."""
