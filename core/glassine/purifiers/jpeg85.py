"""JPEG, quality 85."""

from .codec import jpeg

ENTRY = jpeg(85)
