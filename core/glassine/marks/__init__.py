"""What an exported file carries. To add one: a file here, and its name below."""

from ..registry import Registry
from .base import Found, Mark

MARKS: Registry[Mark] = Registry(
    __name__,
    Mark,
    names=(
        "visible",
        "watermark",
        "xmp",
        "c2pa",
        "receipt",
    ),
)

__all__ = ["MARKS", "Found", "Mark"]
