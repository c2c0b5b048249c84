"""An upload to Bluesky."""

from .sites import site

ENTRY = site("bluesky")
