"""JPEG, quality 60."""

from .codec import jpeg

ENTRY = jpeg(60)
