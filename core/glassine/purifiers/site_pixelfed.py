"""An upload to Pixelfed."""

from .sites import site

ENTRY = site("pixelfed")
