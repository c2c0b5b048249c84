"""An upload to Instagram."""

from .sites import site

ENTRY = site("instagram")
