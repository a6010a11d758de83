"""How long a build waits until it publishes again."""

from export.index.generations.publisher import PUBLISHING_SHARE, next_wait_s


def test_a_build_waits_twice_as_long_each_time_up_to_what_was_asked_for() -> None:
    waits_s = [30.0]
    for _ in range(6):
        waits_s.append(next_wait_s(waits_s[-1], 600, spent_s=1))
    assert waits_s == [30, 60, 120, 240, 480, 600, 600]


def test_publishing_that_takes_long_gets_no_more_than_its_share() -> None:
    assert next_wait_s(30, 600, spent_s=400) == 400 / PUBLISHING_SHARE


def test_every_occasion_stays_every_occasion() -> None:
    assert next_wait_s(0, 0, spent_s=400) == 0
