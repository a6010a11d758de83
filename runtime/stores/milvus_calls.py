"""Milvus, asked through pymilvus: one connection, every fault one of ours. Only this file imports pymilvus at run time."""

import logging
from collections.abc import Sequence
from typing import Any

from runtime.errors import RemoteRefused
from runtime.stores.address import StoreAddress
from runtime.stores.remote_calls import CallLimits, RemoteCalls

REFUSED_CODES = {100, 1100, 1101, 1600}  # no such collection, parameter, alias: asking again changes nothing
CONNECT_LIMITS = CallLimits(deadline_s=10.0, try_s=5.0)
Fields = dict[str, Any]


class MilvusCalls:
    """One server. Any thread may ask; each call has a deadline, and is tried again while the server is away for a moment."""

    def __init__(self, address: StoreAddress, token: str | None = None, limits: CallLimits | None = None) -> None:
        """Connect.

        Args:
            address: where it is.
            token: "user:password", or an API key; None where the server asks for none.
            limits: how long a call may take.

        Raises:
            RemoteRefused: pymilvus is not installed, or the server refuses the token.
            StoreUnavailable: it does not answer.
        """
        try:
            import grpc
            from pymilvus import MilvusClient, MilvusException
        except ModuleNotFoundError as cause:
            remedy = 'Install it: pip install "lookwhy[milvus]".'
            raise RemoteRefused(str(address), "pymilvus is not installed", remedy) from cause
        logging.getLogger("pymilvus").setLevel(logging.CRITICAL)  # it logs each failed try, with a traceback
        faults = (MilvusException, grpc.RpcError)
        connecting = RemoteCalls(str(address), faults, _is_passing, limits=CONNECT_LIMITS)
        host = f"[{address.host}]" if ":" in address.host else address.host
        url = f"{'https' if address.tls else 'http'}://{host}:{address.port}"
        # dedicated: another client of this process, such as that of a release before, may close its own
        self.client: MilvusClient = connecting.run(
            lambda timeout_s: MilvusClient(uri=url, token=token or "", timeout=timeout_s, dedicated=True)
        )
        self._calls = RemoteCalls(str(address), faults, _is_passing, limits=limits)
        self.run = self._calls.run
        self.name = str(address)

    def query(
        self, collection: str, expression: str, fields: Sequence[str], limit: int | None = None, *, newest: bool = False
    ) -> list[Fields]:
        """Return the fields of the rows that meet an expression; raises StoreUnavailable, RemoteRefused.

        With `newest`, what was written just before is seen; a generation in force is not written to any more.
        """
        bounds = {} if limit is None else {"limit": limit}
        return list(
            self._calls.run(
                lambda timeout_s: self.client.query(
                    collection,
                    filter=expression,
                    output_fields=list(fields),
                    timeout=timeout_s,
                    consistency_level="Strong" if newest else "Eventually",
                    **bounds,
                )
            )
        )

    def search(
        self, collection: str, vectors: Sequence[Sequence[float]], k: int, *, ef: int, expression: str = ""
    ) -> list[list[tuple[int, float]]]:
        """Return ids and scores of the k nearest to each query; raises StoreUnavailable, RemoteRefused."""
        found = self._calls.run(
            lambda timeout_s: self.client.search(
                collection,
                data=vectors,
                limit=k,
                filter=expression,
                search_params={"params": {"ef": max(ef, k)}},
                timeout=timeout_s,
                consistency_level="Eventually",
            )
        )
        return [[(int(hit["id"]), float(hit["distance"])) for hit in hits] for hits in found]

    def collection_behind(self, alias: str) -> str:
        """Return the collection that an alias stands for; raises as `search`."""
        described = self._calls.run(lambda timeout_s: self.client.describe_alias(alias, timeout=timeout_s))
        return str(described["collection_name"])

    def close(self) -> None:
        """Let go of the connection."""
        self.client.close()


def _is_passing(error: Exception) -> bool:
    """Return whether the same call may succeed later. Collections that are not loaded are being loaded, after a start."""
    code = getattr(error, "code", None)
    if callable(code):  # of gRPC
        return code().name not in {"UNAUTHENTICATED", "PERMISSION_DENIED", "INVALID_ARGUMENT", "UNIMPLEMENTED"}
    return code not in REFUSED_CODES and "parse expression" not in str(error)
