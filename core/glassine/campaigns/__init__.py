"""Poison that many artists make together: who agrees with whom on what, in a small signed file.

A file belongs here that makes, checks or keeps such files. Nothing is sent anywhere: artists share
them in any way they like."""

from .kept import agreed, campaign_of, join, joined, joined_named
from .signed import Signed, opened, sealed
from .terms import Campaign, Pair, anchored

__all__ = [
    "Campaign",
    "Pair",
    "Signed",
    "agreed",
    "anchored",
    "campaign_of",
    "join",
    "joined",
    "joined_named",
    "opened",
    "sealed",
]
