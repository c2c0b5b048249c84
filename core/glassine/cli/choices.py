"""What is chosen from a few words, a day, and a switch in the environment, with errors of ours."""

from __future__ import annotations

from datetime import datetime
from difflib import get_close_matches

import click

from . import speech

DAY = "%Y-%m-%d"


class OneOf(click.Choice):  # type: ignore[type-arg]  # click 8.1 takes none
    """One of a few words."""

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> str:
        if value in self.choices:
            return str(value)
        choices, word = tuple(map(str, self.choices)), str(value)
        if near := get_close_matches(word, choices, n=1):
            said = speech.phrase("cli.choice_misspelled", word=word, choices=choices, near=near[0])
        else:
            said = speech.phrase("cli.choice_unknown", word=word, choices=choices)
        self.fail(said, param, ctx)


class Day(click.DateTime):
    """A day, as 2027-06-30."""

    def __init__(self) -> None:
        super().__init__([DAY])

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime:
        if isinstance(value, datetime):
            return value
        try:
            return datetime.strptime(str(value), DAY)
        except ValueError:
            self.fail(speech.phrase("cli.not_day", word=str(value)), param, ctx)


class Switch(click.types.BoolParamType):
    """A switch that may also stand in the environment, where it can have any value."""

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> bool:
        try:
            return bool(super().convert(value, param, ctx))
        except click.BadParameter:
            self.fail(speech.phrase("cli.not_switch", word=str(value)), param, ctx)
