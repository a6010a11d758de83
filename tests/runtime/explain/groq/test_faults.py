"""What Groq's refusals mean, and for how long they say not to ask."""

from email.utils import formatdate
from time import time

import pytest

from runtime.explain.groq.faults import (
    HOPELESS_REST_S,
    LONGEST_REST_S,
    NoAnswer,
    TransientFault,
    UnknownAddress,
    read_refusal,
)


def refusal(status: int, code: str = "", **headers: str) -> NoAnswer:
    return read_refusal(
        status, {"error": {"code": code}}, {name.replace("_", "-"): text for name, text in headers.items()}, "m"
    )


@pytest.mark.parametrize(
    ("status", "code", "names"),
    [
        (400, "model_decommissioned", "set GROQ_MODEL"),
        (404, "model_not_found", "set GROQ_MODEL"),
        (404, "", "set GROQ_MODEL"),
        (404, "", "check GROQ_BASE_URL"),
        (404, "unknown_url", "check GROQ_BASE_URL"),
        (405, "", "check GROQ_BASE_URL"),
        (401, "invalid_api_key", "check GROQ_API_KEY"),
        (403, "model_permission_blocked_project", "check GROQ_API_KEY and GROQ_MODEL"),
    ],
)
def test_what_only_a_setting_mends_names_it_and_rests_long(status: int, code: str, names: str) -> None:
    fault = refusal(status, code)
    assert names in str(fault)
    assert fault.rest_s == HOPELESS_REST_S


def test_an_unknown_address_is_not_told_as_a_retired_model() -> None:
    for status in (400, 404):
        fault = refusal(status, "unknown_url")
        assert isinstance(fault, UnknownAddress)
        assert "model" not in str(fault).lower()


@pytest.mark.parametrize(("status", "code"), [(400, "json_validate_failed"), (498, "capacity_exceeded"), (498, "")])
def test_what_no_setting_mends_names_none_and_does_not_rest(status: int, code: str) -> None:
    fault = refusal(status, code)
    assert "GROQ_" not in str(fault)
    assert fault.rest_s == 0


@pytest.mark.parametrize("status", [429, 500, 502, 503, 599])
def test_a_full_or_failing_server_may_answer_in_a_moment(status: int) -> None:
    assert isinstance(refusal(status), TransientFault)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 408, 409, 413, 422, 498])
def test_other_refusals_are_not_worth_another_try(status: int) -> None:
    assert not isinstance(refusal(status), TransientFault)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7.0),
        ("1.5", 1.5),
        ("0", 0.0),
        ("-3", 0.0),
        ("nan", 0.0),
        ("inf", 0.0),
        ("999999", LONGEST_REST_S),
        ("soon", 0.0),
        ("", 0.0),
        (formatdate(0, usegmt=True), 0.0),
    ],
)
def test_retry_after_is_read_as_seconds(header: str, seconds: float) -> None:
    fault = refusal(429, retry_after=header)
    assert isinstance(fault, TransientFault)
    assert fault.retry_after_s == seconds


@pytest.mark.parametrize("usegmt", [True, False])
def test_retry_after_may_be_a_date(usegmt: bool) -> None:
    fault = refusal(503, retry_after=formatdate(time() + 100, usegmt=usegmt))
    assert isinstance(fault, TransientFault)
    assert 90 < fault.retry_after_s <= 100


@pytest.mark.parametrize("body", [None, b"<html>", ["no", "object"], {"error": "no"}, {"error": {"code": "no name\nKEY"}}])
def test_a_body_of_any_form_is_not_quoted_unless_it_holds_a_plain_name(body: object) -> None:
    assert "refused the request (400 )" in str(read_refusal(400, body, {}, "m"))


def test_what_only_another_setting_mends_rests_for_an_hour_as_does_the_longest_wait() -> None:
    assert read_refusal(401, {}, {}, "m").rest_s == 3600
    fault = read_refusal(429, {}, {"retry-after": "3601"}, "m")
    assert isinstance(fault, TransientFault)
    assert fault.retry_after_s == 3600
