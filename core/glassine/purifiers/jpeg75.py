"""JPEG, quality 75."""

from .codec import jpeg

ENTRY = jpeg(75)
