"""JPEG, quality 95."""

from .codec import jpeg

ENTRY = jpeg(95)
