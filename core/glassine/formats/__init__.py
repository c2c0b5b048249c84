"""File formats, in and out. To add one: a file here, and its name below.

What several formats share (libvips, metadata, colour) has its own files here."""

from ..registry import Registry
from .base import Format

FORMATS: Registry[Format] = Registry(
    __name__,
    Format,
    names=(
        "png",
        "jpeg",
        "webp",
        "tiff",
        "avif",
        "kra",
        "ora",
        "heic",
    ),
)

__all__ = ["FORMATS", "Format"]
