"""Which packages may be shipped, by their licences."""

from typing import Any

import pytest

from deploy.prune import UNUSED
from deploy.sbom import Refused, check, is_allowed, licence_of


def component(name: str, *licences: str, expression: bool = False) -> dict[str, Any]:
    entries = [{"expression": text} if expression else {"license": {"name": text}} for text in licences]
    return {"name": name, "version": "1.0", "licenses": entries}


@pytest.mark.parametrize(
    ("expression", "allowed"),
    [
        ("MIT", True),
        ("Apache-2.0 OR BSD-2-Clause", True),
        ("GPL-3.0-only OR MIT", True),
        ("BSD-3-Clause AND 0BSD AND CC0-1.0", True),
        ("MIT AND (GPL-2.0-only OR Apache-2.0)", True),
        ("GPL-3.0-only", False),
        ("MIT AND GPL-3.0-only", False),
        ("LicenseRef-own", False),
        ("", False),
    ],
)
def test_an_expression_must_be_met_by_allowed_licences(expression: str, allowed: bool) -> None:
    assert is_allowed(expression) is allowed


def test_a_classifier_is_read_as_its_licence() -> None:
    assert licence_of(component("six", "License :: OSI Approved :: MIT License")) == "MIT"


def test_all_that_a_package_names_must_hold() -> None:
    named = component("one", "Apache-2.0", "License :: OSI Approved :: Apache Software License", "MIT OR GPL-2.0-only")
    assert licence_of(named) == "Apache-2.0 AND (MIT OR GPL-2.0-only)"


def test_rows_come_by_name() -> None:
    rows = check([component("b", "MIT"), component("A", "ISC", expression=True)])
    assert rows == [("A", "1.0", "ISC"), ("b", "1.0", "MIT")]


@pytest.mark.parametrize(
    ("refused", "said"),
    [
        (component("copyleft", "AGPL-3.0-only"), "copyleft 1.0 is under AGPL-3.0-only; allowed are 0BSD, "),
        (component("silent"), "silent 1.0 names no licence"),
        (component(UNUSED[0], "Apache-2.0"), "imported by nothing that is shipped"),
    ],
)
def test_a_package_that_must_not_be_shipped_is_named(refused: dict[str, Any], said: str) -> None:
    with pytest.raises(Refused, match=said):
        check([component("fine", "MIT"), refused])
