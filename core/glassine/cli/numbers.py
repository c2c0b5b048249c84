"""Numbers on the command line, called so in help and errors: click says "integer range"."""

from __future__ import annotations

import click

from ..messages import Message, message
from . import speech


class Whole(click.IntRange):
    """A whole number between two, which may be left open."""

    name = "whole number"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> int:
        try:
            number = int(str(value))
        except ValueError:
            self.fail(speech.phrase("cli.not_whole", word=str(value)), param, ctx)
        if not lies_in(self, number):
            self.fail(outside(self, value), param, ctx)
        return number


class Decimal(click.FloatRange):
    """Any number between two."""

    name = "number"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        try:
            number = float(str(value))
        except ValueError:
            self.fail(speech.phrase("cli.not_number", word=str(value)), param, ctx)
        if not lies_in(self, number):
            self.fail(outside(self, value), param, ctx)
        return number


Bounds = Whole | Decimal


def lies_in(bounds: Bounds, number: float) -> bool:
    """Whether the number lies between them; what is not a number (nan) lies nowhere."""
    least, most = bounds.min, bounds.max
    above = least is None or (number > least if bounds.min_open else number >= least)
    below = most is None or (number < most if bounds.max_open else number <= most)
    return above and below and number == number


def outside(bounds: Bounds, value: object) -> str:
    """That a number is not allowed, and which are. Bounds are written as they would be typed."""
    said = list[Message]()
    if bounds.min is not None:
        least = str(bounds.min)
        said.append(
            message("cli.more_than", least=least)
            if bounds.min_open
            else message("cli.at_least", least=least)
        )
    if bounds.max is not None:
        most = str(bounds.max)
        said.append(
            message("cli.less_than", most=most)
            if bounds.max_open
            else message("cli.at_most", most=most)
        )
    return speech.phrase("cli.out_of_range", word=str(value), bounds=tuple(said))
