"""RemoteRefused's branches: whether what AWS did not give may be had in a moment, is not there, or is refused.

RemoteRefused
├── RemoteAbsent       there is no such object, bucket or secret
└── RemoteUnreachable  a dropped connection, a busy service: it may pass by itself
    └── RemoteChanged  the object is another one than was asked for, or written over

Knows AWS's error codes, and what botocore raises; `aws.py` makes the calls.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from runtime.errors import RemoteRefused

ABSENT = {
    "NoSuchKey": "there is no such object",
    "404": "there is no such object",  # an answer without a body has the status alone
    "NoSuchBucket": "there is no such bucket",
    "ResourceNotFoundException": "it does not exist",
    "NotFoundException": "there is no such index of vectors",
}
# What AWS's and boto3's names for a fault mean, and what to do.
NONE_HERE = "there are none here, or half of them; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE"
NO_KEYS = "AWS does not know the access key or its secret; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE"
EXPIRED = "the credentials have expired; log in again (aws sso login), or set new ones"
OTHER_REGION = "it is in another region; set AWS_REGION to that"
MEANING = {
    **dict.fromkeys(("InvalidAccessKeyId", "InvalidClientTokenId", "UnrecognizedClientException"), NO_KEYS),
    **dict.fromkeys(("NoCredentialsError", "PartialCredentialsError"), NONE_HERE),
    "SignatureDoesNotMatch": NO_KEYS,
    **dict.fromkeys(("ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired"), EXPIRED),
    **dict.fromkeys(("UnauthorizedSSOTokenError", "SSOTokenLoadError", "TokenRetrievalError"), EXPIRED),
    **dict.fromkeys(("PermanentRedirect", "AuthorizationHeaderMalformed", "301"), OTHER_REGION),
    **dict.fromkeys(("RequestTimeTooSkewed", "RequestExpired"), "this machine's clock is wrong; set it"),
    "IllegalLocationConstraintException": OTHER_REGION,
    "NoRegionError": "no region is named; set AWS_REGION",
    "InvalidRegionError": "AWS_REGION names no region",
    "ProfileNotFound": "AWS_PROFILE names no profile of ~/.aws/config",
    "ConfigParseError": "~/.aws/config or ~/.aws/credentials cannot be read",
    "EndpointConnectionError": "there is no connection to it",
    "KeyTooLongError": "the path is longer than the 1024 bytes that S3 takes; shorten the names of its folders",
    "SlowDown": "there are too many requests; try again in a while",
    "InvalidObjectState": "it was moved to an archive; restore it",
}
DENIED = {"AccessDenied", "AccessDeniedException", "403"}
CHANGED = {"PreconditionFailed", "412", "ConditionalRequestConflict"}
PASSING = {"RequestTimeout", "Throttling", "ThrottlingException", "TooManyRequestsException", "RequestLimitExceeded"}
PASSING_STATUSES, FIRST_OWN_FAULT = {408, 429}, 500  # with which AWS says: later


class RemoteAbsent(RemoteRefused):
    """What a setting names is not there."""


class RemoteUnreachable(RemoteRefused):
    """AWS could not be asked, or broke off; to ask again in a moment may help."""

    passes = True


class RemoteChanged(RemoteUnreachable):
    """Another object took the place of the one that was asked for."""


class AwsFault(Exception):
    """A call of AWS failed; `is_passing`: the same call may succeed later. Its text is ours, and has AWS's `code` alone."""

    def __init__(self, code: str, reason: str, *, is_passing: bool) -> None:
        super().__init__(reason)
        self.code, self.is_passing = code, is_passing

    def refused(self, name: str, remedy: str) -> RemoteRefused:
        """Return what it means for who wanted `name`."""
        kind = RemoteUnreachable if self.is_passing else RemoteRefused
        if self.code in ABSENT:
            kind = RemoteAbsent
        elif self.code in CHANGED:
            kind = RemoteChanged
        return kind(name, str(self), remedy)


@contextmanager
def told_faults() -> Iterator[None]:
    """Turn what a client of boto3 raises inside into an AwsFault."""
    from botocore import exceptions as boto

    try:
        yield
    except boto.ClientError as cause:
        code = str(cause.response.get("Error", {}).get("Code", "unknown"))
        status = cause.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        is_passing = code in PASSING or status in PASSING_STATUSES or status >= FIRST_OWN_FAULT
        raise AwsFault(code, _reason_of(code), is_passing=is_passing) from cause
    except boto.BotoCoreError as cause:  # no credentials, no region, no answer
        no_answer = isinstance(cause, boto.HTTPClientError | boto.ConnectionError | boto.IncompleteReadError)
        code = type(cause).__name__
        raise AwsFault(code, f"AWS could not be asked ({_with_meaning(code)})", is_passing=no_answer) from cause
    except OSError as cause:  # a file of credentials, or one that is to be sent
        if cause.filename is None:
            raise
        raise AwsFault("OSError", f"{cause.filename} cannot be read ({cause.strerror})", is_passing=False) from cause


def _reason_of(code: str) -> str:
    if code in DENIED:
        return "permission is denied"
    if code in CHANGED:
        return "another object has taken its place meanwhile"
    return ABSENT.get(code, f"AWS answered {_with_meaning(code)}")


def _with_meaning(code: str) -> str:
    return f"{code}: {MEANING[code]}" if code in MEANING else code
