"""Files and lines for an artist's own site that state the reservation where crawlers look.

A file belongs here that writes them, or that looks at what a site says; what crawlers are called
and obey is data beside it."""

from .check import checked
from .finding import Finding
from .kit import Piece, kit, write

__all__ = ["Finding", "Piece", "checked", "kit", "write"]
