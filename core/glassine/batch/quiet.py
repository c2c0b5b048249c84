"""How Ray is joined: on loopback unless an address is given, and without telemetry."""

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
    "RAY_DEDUP_LOGS_SKIP_REGEX": ".",  # else it prints about lost workers between our lines
}
"""Settings that Ray reads before it starts: no usage statistics, no metrics, no log of its own."""

SHUT = {
    "RAY_USAGE_STATS_REPORT_URL": "http://127.0.0.1:9/",
    "http_proxy": "http://127.0.0.1:9",
    "https_proxy": "http://127.0.0.1:9",
    "no_proxy": "127.0.0.1,localhost",
}
"""Settings that block what Ray sends all the same: a head node reports to usage-stats.ray.io that
its statistics are off, and asks 169.254.169.254 and metadata.google.internal which cloud it runs
in. Nothing listens at port 9."""

ALONE = {"RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0"}
"""Keeps Ray at 127.0.0.1: else it takes that for a mistake and listens at the machine's address in
the network. Ray reads it when it is imported."""


@contextmanager
def with_environment(more: Mapping[str, str]) -> Iterator[None]:
    """Sets variables for processes that are started inside the block, then restores them."""
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
    """The module `ray`, connected to the cluster at `address`; "": to a new one of this machine
    alone. Raises EntryMissing without Ray, NotUsable without an answer."""
    os.environ.update(QUIET)
    with with_environment(SHUT if address else SHUT | ALONE):
        return begun_ray(address)


def begun_ray(address: str) -> Any:  # noqa: ANN401
    """Connects Ray, once the environment is set."""
    try:
        import ray
    except ImportError as error:
        raise EntryMissing("helper", "cluster", "ray") from error
    alone: dict[str, Any] = {"include_dashboard": False, "_node_ip_address": "127.0.0.1"}
    more = {} if address else alone
    before = signal.getsignal(signal.SIGTERM)
    try:
        ray.init(address=address or "local", log_to_driver=False, logging_level="ERROR", **more)
    except Exception as error:  # Ray's errors share no base class
        place = address or "127.0.0.1"
        raise NotUsable("cluster.no_answer", address=place, reason=reason_of(error)) from error
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, before)  # Ray's handler would raise wherever the code is
    return ray
