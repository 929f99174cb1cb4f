"""Connecting to a Dask cluster, and the errors where that is not possible."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from edgeslim.errors import StudyError
from edgeslim.jobs.remote import other_versions, versions

if TYPE_CHECKING:
    from distributed import Client

PATIENCE = 20.0
"""Seconds to wait for the scheduler and for its first worker."""
_LARGE = "1 GB"
"""Dask warns of tasks larger than this; ours are large once, since data are sent with the first."""


def connect(address: str) -> Client:
    """A client of the cluster.

    Raises StudyError: no_dask, cluster_security, cluster_unreachable, cluster_empty, cluster_versions.
    """
    try:
        import dask
        from distributed import Client
    except ImportError as error:
        raise StudyError("no_dask") from error
    dask.config.set({"distributed.admin.large-graph-warning-threshold": _LARGE})
    _refuse_insecure(address)
    try:
        client = Client(address, timeout=PATIENCE, set_as_default=False)
    except (OSError, ValueError) as error:
        raise StudyError("cluster_unreachable", address=address) from error
    try:
        client.wait_for_workers(1, timeout=PATIENCE)
        # The scheduler unpickles what is sent, too.
        found = {address: _answer(client), **client.run(versions, on_error="return")}
    except TimeoutError as error:
        client.close()
        raise StudyError("cluster_empty", address=address) from error
    except OSError as error:
        client.close()
        raise StudyError("cluster_lost", address=address) from error
    for worker, there in found.items():
        if there != versions():
            client.close()
            # A machine without EdgeSlim answers with an ImportError.
            raise other_versions(worker, there if isinstance(there, Mapping) else {}, versions())
    return client


def _refuse_insecure(address: str) -> None:
    """Raise StudyError if Dask's configuration does not allow a connection to that address."""
    from distributed.security import Security

    try:
        security = Security().get_connection_args("client")
    except (OSError, ValueError) as error:  # a certificate that is missing or invalid
        detail = str(error)
    else:
        is_secure = address.startswith(("tls://", "wss://"))
        if is_secure and security.get("ssl_context") is None:
            detail = "distributed.comm.tls.ca-file: –"
        elif security.get("require_encryption") and not is_secure:
            detail = "distributed.comm.require-encryption: True"
        else:
            return
    raise StudyError("cluster_security", address=address, detail=detail)


def _answer(client: Client) -> dict[str, str]:
    """The scheduler's versions; nothing where there is no EdgeSlim."""
    try:
        return dict(client.run_on_scheduler(versions))
    except ImportError:
        return {}
