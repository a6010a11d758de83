"""RemoteRefused's branches: whether what AWS did not give may be had in a moment, is not there, or is refused.

RemoteRefused
├── RemoteAbsent       there is no such object, bucket or secret
└── RemoteUnreachable  a dropped connection, a busy service: it may pass by itself
    └── RemoteChanged  the object is another one than was asked for, or written over

Knows AWS's error codes and the names of botocore's exceptions, and imports neither.
"""

from runtime.errors import RemoteRefused

ABSENT = {
    "NoSuchKey": "there is no such object",
    "404": "there is no such object",  # an answer without a body has the status alone
    "NoSuchBucket": "there is no such bucket",
    "ResourceNotFoundException": "there is no such secret",
}
DENIED = {"AccessDenied", "AccessDeniedException", "403"}
PASSING = {
    *("500", "502", "503", "504", "InternalError", "ServiceUnavailable", "SlowDown", "RequestTimeout", "Throttling"),
    *("ThrottlingException", "TooManyRequestsException", "InternalServiceError", "RequestLimitExceeded"),
}
CHANGED = {"PreconditionFailed", "412", "ConditionalRequestConflict"}
# What botocore raises for a connection that was not made, was cut, or brought less than was promised.
PASSING_TYPES = {
    *("EndpointConnectionError", "ConnectTimeoutError", "ReadTimeoutError", "ConnectionClosedError", "HTTPClientError"),
    *("ResponseStreamingError", "IncompleteReadError", "ConnectionError", "SSLError"),
}


class RemoteAbsent(RemoteRefused):
    """What a setting names is not there."""


class RemoteUnreachable(RemoteRefused):
    """AWS could not be asked, or broke off; to ask again in a moment may help."""

    passes = True


class RemoteChanged(RemoteUnreachable):
    """Another object took the place of the one that was asked for."""


def refused_by_code(name: str, code: str, remedy: str) -> RemoteRefused:
    """Return the error for an answer of AWS's with this code."""
    if code in ABSENT:
        return RemoteAbsent(name, ABSENT[code], remedy)
    if code in DENIED:
        return RemoteRefused(name, "permission is denied", remedy)
    if code in CHANGED:
        return RemoteChanged(name, "another object has taken its place meanwhile", remedy)
    kind = RemoteUnreachable if code in PASSING else RemoteRefused
    return kind(name, f"AWS answered {code}", remedy)


def refused_by_type(name: str, cause: Exception, remedy: str) -> RemoteRefused:
    """Return the error for an exception of botocore's own: no answer, no credentials, no region."""
    kind = RemoteUnreachable if type(cause).__name__ in PASSING_TYPES else RemoteRefused
    return kind(name, f"AWS could not be asked ({type(cause).__name__})", remedy)
