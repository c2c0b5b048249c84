"""Files and lines for an artist's own site that state the reservation where crawlers look.

A file belongs here that writes them; what crawlers are called and obey is data beside it."""

from .kit import Piece, kit, write

__all__ = ["Piece", "kit", "write"]
