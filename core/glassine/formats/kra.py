"""Krita's own format; the flattened picture in it is read."""

from . import archive
from .base import Format

ENTRY = Format(
    says="Krita document",
    suffixes=(".kra", ".krz"),
    lossy=False,
    depths=(8, 16),
    opens=lambda data: archive.is_a(data, b"application/x-krita"),
    read=archive.read,
    write=None,
)
