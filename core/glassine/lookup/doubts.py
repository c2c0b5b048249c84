"""Reasons to trust a look-up test less, and what it showed against its cloak: before any number."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..messages import Message, message
from .found import Line
from .people import People

MANY = 20  # people; with fewer an interval is wider than most effects
HALF = 0.5  # of what a look-up finds in the clean gallery


def doubts_about(people: People, lines: Sequence[Line]) -> Iterator[Message]:
    now = {(line.network, line.what): line for line in lines if not line.after and not line.online}
    networks = tuple(dict.fromkeys(line.network for line in lines))
    yield from about_networks(networks, now)
    for online in sorted({line.online for line in lines if line.online}):
        rows = [line.rates.rank1.share for line in lines if line.online == online]
        yield message("lookup.online", share=online, found=max(rows))
    if taught := [line.rates.rank1.share for line in lines if line.what == "robust"]:
        yield message("lookup.robust", count=len(people.names) - 1, found=max(taught))
    if not any(line.role == "held out" for line in lines):
        yield message("lookup.no_held_out")
    if not people.with_clean:
        yield message("lookup.no_clean")
    if len(people.looked_up) < MANY:
        yield message("lookup.few", count=len(people.looked_up))
    yield message("lookup.always")


def about_networks(networks: Sequence[str], now: dict[tuple[str, str], Line]) -> Iterator[Message]:
    """The network that finds most; those that still find more than half of what they find in clean
    pictures; and those on which a control that protects nothing hides as much."""
    worst = max(networks, key=lambda name: now[name, "cloaked"].rates.rank1.share)
    line = now[worst, "cloaked"]
    found = line.rates.rank1
    role = message("role.held_out" if line.role == "held out" else "role.used")
    yield message("lookup.found", network=worst, role=role, share=found.share, high=found.high)
    known = [name for name in networks if (name, "clean") in now]
    kept = [
        name
        for name in known
        if now[name, "cloaked"].rates.rank1.share > HALF * now[name, "clean"].rates.rank1.share
    ]
    if kept:
        yield message("lookup.kept", networks=tuple(kept))
    alike = [
        name
        for name in known
        if now[name, "cloaked"].rates.rank1.share
        >= min(now[name, what].rates.rank1.share for what in ("blend", "scattered"))
    ]
    if alike:
        yield message("lookup.controls", networks=tuple(alike))
