"""The tree of errors: each has a code of its own, and the module's docstring draws all of them."""

from collections.abc import Iterator

from runtime import errors


def kinds_below(kind: type[errors.LookwhyError]) -> Iterator[type[errors.LookwhyError]]:
    for below in kind.__subclasses__():
        if below.__module__ == errors.__name__:
            yield below
            yield from kinds_below(below)


KINDS = [errors.LookwhyError, *kinds_below(errors.LookwhyError)]


def test_every_error_has_a_code_of_its_own() -> None:
    codes = [vars(kind)["code"] for kind in KINDS]
    assert len(set(codes)) == len(codes) >= 20


def test_the_tree_in_the_docstring_has_every_error_and_no_other() -> None:
    drawn = [line.split("──")[1].split()[0] for line in (errors.__doc__ or "").splitlines() if "──" in line]
    assert sorted(drawn) == sorted(kind.__name__ for kind in KINDS[1:])
