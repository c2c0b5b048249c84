"""Files and lines for an artist's own site that state the reservation where crawlers look."""

from .kit import Piece, kit, write

__all__ = ["Piece", "kit", "write"]
