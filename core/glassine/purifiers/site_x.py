"""An upload to X."""

from .sites import site

ENTRY = site("x")
