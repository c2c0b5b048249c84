"""Ray as it is joined here: on loopback where nothing else was said, and telling nobody."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from ..errors import EntryMissing, NotUsable, reason_of

QUIET = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_USAGE_STATS_PROMPT_ENABLED": "0",
    "RAY_enable_metrics_collection": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
    "RAY_DEDUP_LOGS_SKIP_REGEX": ".",  # else it writes of lost workers between our lines
}
"""What Ray looks at before it starts: it tells nobody of itself."""

SHUT = {
    "RAY_USAGE_STATS_REPORT_URL": "http://127.0.0.1:9/",
    "http_proxy": "http://127.0.0.1:9",
    "https_proxy": "http://127.0.0.1:9",
    "no_proxy": "127.0.0.1,localhost",
}
"""And what keeps the rest of it in: a head tells usage-stats.ray.io that its statistics are off,
and asks 169.254.169.254 and metadata.google.internal whose cloud it is in. Nothing listens at
port 9."""

ALONE = {"RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0"}
"""Without it Ray takes 127.0.0.1 for a mistake and listens at the address that the network knows.
It is read when Ray is imported."""


@contextmanager
def with_environment(more: Mapping[str, str]) -> Iterator[None]:
    """For processes that are started meanwhile; afterwards all is as before."""
    before = {name: os.environ.get(name) for name in more}
    os.environ.update(more)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value


def ray_at(address: str) -> Any:  # noqa: ANN401 - Ray itself
    """Ray with its connection to that cluster, or to one of this machine alone; raises what is
    wrong."""
    os.environ.update(QUIET)
    with with_environment(SHUT if address else SHUT | ALONE):
        return begun_ray(address)


def begun_ray(address: str) -> Any:  # noqa: ANN401
    """The same in an environment that is set already."""
    try:
        import ray
    except ImportError as error:
        raise EntryMissing("helper", "cluster", "ray") from error
    alone: dict[str, Any] = {"include_dashboard": False, "_node_ip_address": "127.0.0.1"}
    more = {} if address else alone
    before = signal.getsignal(signal.SIGTERM)
    try:
        ray.init(address=address or "local", log_to_driver=False, logging_level="ERROR", **more)
    except Exception as error:  # Ray's own have no class in common
        place = address or "127.0.0.1"
        raise NotUsable("cluster.no_answer", address=place, reason=reason_of(error)) from error
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, before)  # Ray's own would throw an exception anywhere
    return ray
