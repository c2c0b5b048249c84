"""Numbers spread evenly over [0, 1), however many are taken: twenty steps are too few for chance,
which gives one picture eight views of a size, and another three."""

RATIO = (13**0.5 - 3) / 2
"""The fraction between a number and the next. Five of it are near a half, so five families that
take turns each get low and high numbers."""


def evenly(number: int) -> float:
    """The number of that place in the sequence, which begins with 0."""
    return number * RATIO % 1
