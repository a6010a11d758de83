"""A display that keeps what a person would be told."""

from export.console import SilentDisplay


class Diary(SilentDisplay):
    """Keeps what a person would be told."""

    def __init__(self) -> None:
        self.steps: list[str] = []

    def say(self, text: str) -> None:
        self.steps.append(text)
