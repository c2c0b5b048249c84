"""Options of commands that can run on a cluster, and the cluster that they name."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from ..machine import ending
from . import speech
from .numbers import Decimal

if TYPE_CHECKING:
    from ..batch.cluster import Cluster

_OPTIONS = (
    click.option(
        "--on",
        metavar="ray[=ADDRESS]",
        help="Spread the pictures over a Ray cluster: a new one of this machine alone, or the one "
        "at ADDRESS.",
    ),
    click.option(
        "--card-share",
        type=Decimal(0, 1),
        default=0.0,
        help="With --on: how much of a graphics card one picture takes, for example 0.5.",
    ),
)


def cluster_options(command: Callable[..., Any]) -> Callable[..., Any]:
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


@contextmanager
def cluster_named(on: str | None, cards: float) -> Iterator[Cluster | None]:
    """The cluster that --on names; None without --on."""
    if on is None:
        yield None
        return
    kind, _, address = on.partition("=")
    if kind != "ray":
        raise speech.misused("cli.batch_on", name=on)
    from ..batch.cluster import Cluster

    with Cluster(address, cards) as found, ending.at_end(found.close):
        yield found
