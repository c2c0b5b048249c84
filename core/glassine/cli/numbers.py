"""Numbers on the command line, called so in help and errors: click says "integer range"."""

import click


class Whole(click.IntRange):
    """A whole number between two, which may be left open."""

    name = "whole number"


class Decimal(click.FloatRange):
    """Any number between two."""

    name = "number"
