"""Doubts in a few words, for whoever reads no further; the full text answers why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..messages import Message, message
from ..messages.words import FALLBACK, table

_GOES_WITH = ("doubt.embedded_measured",)
"""Doubts that only say more about the doubt before them."""


@dataclass(frozen=True)
class Brief:
    """One doubt, or several that go together.

    says  the few words
    why   the full texts; empty where `says` is the full text
    """

    says: Message
    why: tuple[Message, ...] = ()


def briefs(doubts: Sequence[Message]) -> tuple[Brief, ...]:
    found = list[Brief]()
    for doubt in doubts:
        if doubt.code in _GOES_WITH and found:
            found[-1] = Brief(found[-1].says, (*found[-1].why, doubt))
        elif f"brief.{short_name(doubt)}" in table(FALLBACK):
            found.append(Brief(message(f"brief.{short_name(doubt)}", **doubt.fields), (doubt,)))
        else:
            found.append(Brief(doubt))
    return tuple(found)


def short_name(doubt: Message) -> str:
    return doubt.code.removeprefix("doubt.")
