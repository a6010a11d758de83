"""What the terminal is sent: one line where one is meant, and no commands of a file's name."""

import pytest

from runtime.terminal import escape_controls, text_of


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("two\nlines\tand a tab.jpg", r"two\nlines\tand a tab.jpg"),
        ("\x1b[31mred\x07.jpg", r"\x1b[31mred\x07.jpg"),
        ("a\u2028b\x85c.jpg", r"a\u2028b\x85c.jpg"),
        ("Größe 👩‍🚀 \xa0 C:\\pictures.jpg", "Größe 👩‍🚀 \xa0 C:\\pictures.jpg"),
    ],
)
def test_only_what_breaks_a_line_or_drives_a_terminal_is_escaped(name: str, shown: str) -> None:
    assert escape_controls(name) == shown


def test_an_argument_that_is_no_utf_8_stays_as_it_came() -> None:
    assert text_of("Bötchen") == "Bötchen"
    assert text_of("b\udcffat") == "b\udcffat"
