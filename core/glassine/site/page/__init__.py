"""The one page for people, and its words in the languages that there are.

A file belongs here that a browser gets to see, or that fills its gaps."""

from .drawn import PARTS, PLACE, drawn

__all__ = ["PARTS", "PLACE", "drawn"]
