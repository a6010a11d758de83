"""What the command line has no option or command for: refused with what may have been meant."""

import pytest

from tests.forked import run_forked


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("index pictures --model sample", "No such option: --model. Did you mean --models?"),
        ("index pictures --fast", "No such option: --fast. "),
        ("search boat --topk 3", "No such option: --topk. Did you mean --top-k or --to?"),
        ("search boat -h", "No such option: -h. Did you mean --help?"),
        ("search boat -n 3", "No such option: -n. "),
        ("storybook draw pictures --cuont 3", "No such option: --cuont. Did you mean --count?"),
        ("storybook -h", "No such option: -h. Did you mean --help?"),
        ("-V", "No such option: -V. Did you mean --version?"),
        ("--verison", "No such option: --verison. Did you mean --version?"),
        ("version", "No such command 'version'. Did you mean lookwhy --version?"),
        ("help", "No such command 'help'. Did you mean lookwhy --help?"),
        ("serach boat", "No such command 'serach'. Did you mean 'search'?"),
        ("nothing", "No such command 'nothing'. "),
    ],
)
def test_what_is_not_there_is_refused_with_what_may_be_meant(typed: str, said: str) -> None:
    ended = run_forked("lookwhy", *typed.split())
    assert (ended.returncode, ended.stdout) == (2, "")
    assert said in " ".join(ended.stderr.replace("│", " ").split()) + " "
