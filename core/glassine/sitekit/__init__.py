"""Files and lines for an artist's own site that state the reservation where crawlers look.

A file belongs here that writes them, or that looks at what a site says. The names of crawlers and
the words that they obey are data: signals.json."""

from .check import checked
from .finding import Finding
from .kit import Piece, kit, write

__all__ = ["Finding", "Piece", "checked", "kit", "write"]
