"""The address of an engine that holds vectors and rows, as the setting STORE has it."""

import re
from dataclasses import dataclass
from typing import Literal, Self
from urllib.parse import urlsplit

StoreKind = Literal["milvus", "s3vectors"]
MILVUS_PORT = 19530
TLS_SCHEME = "milvus+tls"
ACCEPTED = "it must be milvus://HOST:PORT/COLLECTION, milvus+tls://HOST:PORT/COLLECTION or s3vectors://BUCKET/INDEX"
_NAMES = {
    "milvus": re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,199}"),  # names of generations are longer, and Milvus takes 255
    "s3vectors": re.compile(r"[a-z0-9][a-z0-9.-]{1,50}[a-z0-9]"),  # the same of an index, which may have 63
}
_BUCKET = re.compile(r"[a-z0-9][a-z0-9-]{1,61}[a-z0-9]")


@dataclass(frozen=True, slots=True)
class StoreAddress:
    """Where a library is. `host` and `port` are Milvus's; of S3 Vectors, `host` is the bucket and `port` 0.

    With `tls`, the connection to Milvus is encrypted, and its certificate is checked; S3 Vectors is always asked so.
    """

    kind: StoreKind
    host: str
    port: int
    name: str
    tls: bool = False

    @classmethod
    def parse(cls, url: str) -> Self:
        """Return the address that a text names.

        Raises:
            ValueError: it names none; its message says what is accepted.
        """
        try:
            parts = urlsplit(url)
            port, host, name = parts.port, parts.hostname or "", parts.path.removeprefix("/")
        except ValueError as cause:  # a port that is no number, half an IPv6 address
            raise ValueError(ACCEPTED) from cause
        if parts.username or parts.password:
            raise ValueError(f"{ACCEPTED}, without a name and a password: MILVUS_TOKEN has those")
        if parts.query or parts.fragment or not host or (parts.scheme == "s3vectors" and port is not None):
            raise ValueError(ACCEPTED)
        match parts.scheme:
            case "milvus" | "milvus+tls" if _NAMES["milvus"].fullmatch(name):
                return cls("milvus", host, MILVUS_PORT if port is None else port, name, parts.scheme == TLS_SCHEME)
            case "s3vectors" if _NAMES["s3vectors"].fullmatch(name) and _BUCKET.fullmatch(host):
                return cls("s3vectors", host, 0, name)
        raise ValueError(ACCEPTED)

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{TLS_SCHEME if self.tls else self.kind}://{host}{f':{self.port}' if self.port else ''}/{self.name}"
