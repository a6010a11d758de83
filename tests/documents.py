"""README, CONTRIBUTING and docs/ as the tests read them: text, code, links, headings, and the commands of their blocks."""

import re
from dataclasses import dataclass
from pathlib import Path

from tests.conftest import ROOT

PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
BLOCK = re.compile(
    r"(?:^<!-- not run: (?P<reason>[^\n]+) -->\n)?^```(?P<language>\w*)\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL
)
INLINE = re.compile(r"`([^`\n]+)`")
LINK = re.compile(r"\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#{1,6} (.+)$", re.MULTILINE)
COMMENT = re.compile(r"(?:^|\s{2,})#.*$")


@dataclass(frozen=True)
class Command:
    """One command of a block, on one line; `reason` says why no test runs it, and is None where one does."""

    page: str
    text: str
    reason: str | None


def name_of(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def read_page(page: Path) -> str:
    return page.read_text("utf-8")


def prose_of(page: Path) -> str:
    """Return the page without its fenced blocks."""
    return BLOCK.sub("", read_page(page))


def inline_code(page: Path) -> list[str]:
    return INLINE.findall(prose_of(page))


def commands_of(page: Path) -> list[Command]:
    """Return the commands of the page's `sh` blocks, in their order."""
    found = []
    for block in BLOCK.finditer(read_page(page)):
        if block["language"] == "sh":
            lines = block["body"].replace("\\\n", " ").splitlines()
            texts = [" ".join(COMMENT.sub("", line).split()) for line in lines]
            found += [Command(name_of(page), text, block["reason"]) for text in texts if text]
    return found


def all_commands() -> list[Command]:
    return [command for page in PAGES for command in commands_of(page)]


def all_code() -> list[tuple[str, str]]:
    """Return every piece of code that may hold a command: the inline ones and those of the blocks, each with its page."""
    inline = [(name_of(page), code) for page in PAGES for code in inline_code(page)]
    return inline + [(command.page, command.text) for command in all_commands()]


def anchors_of(page: Path) -> set[str]:
    """Return the anchors that GitHub gives to a page's headings."""
    outside_code = re.sub(r"^```.*?^```$", "", read_page(page), flags=re.MULTILINE | re.DOTALL)
    plain = [INLINE.sub(r"\1", heading) for heading in HEADING.findall(outside_code)]
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in plain}
